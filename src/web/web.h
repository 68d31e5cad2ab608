/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The web role: the HTTP API over one listening socket.
 *
 * Threads: libmicrohttpd's own epoll thread takes requests and answers from the snapshot; a few
 * reader threads, each with its own read-only store handle, answer what needs the store; the
 * caller's thread owns the channel to keeper and calls the functions below. Web never writes the
 * store: every change is a command to keeper.
 *
 *     TRY(web_start(&settings, &web, why));
 *     loop: poll(web_wake_fd(web), the channel to keeper, the channel to parent), at most 1 s;
 *           while (web_next_command(web, &command)) send it as COMMAND with its id;
 *           REPLY -> web_reply(), EVENT -> web_event();
 *           web_tick(web);
 *     web_stop(&web);
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "evidence/taxonomy.h"
#include "net/ip.h"

struct web;
struct answer_stats;

struct web_settings {
	int listen_fd;              /* a listening stream socket; taken */
	const int *more_listen_fds; /* others beside it; borrowed */
	size_t more_listen_count;   /* at most WEB_LISTENERS_MAX */
	const char *store_url;      /* as for db_open() */
	const char *snapshot_path;  /* the live copy that look-ups read */
	/* the signed generation that may be downloaded */
	const char *generation_path;
	const struct prefix *trusted_proxies; /* whose X-Forwarded-For and X-Real-IP count */
	size_t trusted_proxy_count;
	const struct prefix *metrics_from; /* who may read /metrics without a token */
	size_t metrics_from_count;
	const struct answer_stats *dns_stats; /* shared memory of the answer role; may be NULL */
	size_t dns_stats_bytes;
	bool is_anonymous_refused; /* look-ups want a token too */
	/* 0 stands for the default behind each */
	uint32_t body_bytes_max;         /* WEB_BODY_BYTES */
	uint32_t connections_max;        /* WEB_CONNECTIONS */
	uint32_t connections_per_client; /* WEB_CONNECTIONS_PER_CLIENT */
	uint32_t requests_per_second;    /* WEB_REQUESTS_PER_SECOND, per client or token */
	uint32_t request_burst;          /* WEB_REQUEST_BURST */
	uint32_t header_seconds;         /* WEB_HEADER_SECONDS: to send the head of a request */
	uint32_t body_seconds;           /* WEB_BODY_SECONDS: to send its body */
	uint32_t heartbeat_seconds;      /* WEB_HEARTBEAT_SECONDS, of event streams */
	const struct clock *clock;       /* NULL: the machine's */
};

enum {
	WEB_BODY_BYTES = 4 << 20,
	WEB_CONNECTIONS = 2000,
	WEB_CONNECTIONS_PER_CLIENT = 100,
	WEB_REQUESTS_PER_SECOND = 200,
	WEB_REQUEST_BURST = 1000,
	WEB_HEADER_SECONDS = 10,
	WEB_BODY_SECONDS = 60,
	WEB_HEARTBEAT_SECONDS = 15,
	WEB_LISTENERS_MAX = 16,
	WEB_READERS = 2 /* threads that read the store */
};

/* Serving when it returns OK. Texts and arrays of settings are borrowed until web_stop(). */
NODISCARD enum err web_start(
	const struct web_settings *settings, struct web **out, struct why *why);
/* Finishes what runs, closes every connection. For CLEANUP. */
void web_stop(struct web **web);

/* A command for keeper: JSON {"command","token","arguments"}. */
struct web_command {
	uint64_t id;
	struct str json; /* lives until the next call */
};

/* Readable when a command waits. */
int web_wake_fd(const struct web *web);
bool web_next_command(struct web *web, struct web_command *out);
/*
 * Keeper's answer to a command, and what it tells everybody (JSON {"event",...} in one line; how
 * far jobs are comes as events, too). Unknown ids are fine.
 */
void web_reply(struct web *web, uint64_t id, struct str json);
void web_event(struct web *web, uint64_t id, struct str json);
/* What /healthz says of the roles: JSON of MESSAGE_HEALTH. */
void web_health(struct web *web, struct str json);
/* The keeper's end is gone: commands are answered with 503 until it is back. */
void web_keeper_is_up(struct web *web, bool is_up);
/* Time-outs, heartbeats, tokens; call it at least once a second. */
void web_tick(struct web *web);
