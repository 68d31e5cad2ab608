/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The answer role in this process, on a loopback port and a snapshot of its own. */
#pragma once

#include "ask.h"
#include "prop.h"

#include "answer/answer.h"

enum { SERVER_UDP = 2, SERVER_WAIT_MS = 3000 };

#define SERVER_BASE "rep.pehra.test"

struct server {
	char folder[64];
	char path[96];
	int sockets[1 + SERVER_UDP];
	struct ipaddr address;
	uint16_t port;
	struct answer_stats *stats;
	struct answer_settings settings; /* may be changed before server_start() */
	struct answer *answer;
};

/* A folder with generation 1 and open sockets on address ("127.0.0.1"). */
void server_init(struct server *server, const char *address);
void server_start(struct server *server);
void server_done(struct server *server);
uint64_t server_counter(const struct server *server, enum answer_counter counter);

/* A connected socket to the server, with a time-out of SERVER_WAIT_MS on reading. */
int server_connect(const struct server *server, int type);
/* Waits for a whole reply over TCP; 0 at the end of the connection, -1 when none comes in time. */
int server_read_tcp(int fd, uint8_t *out, size_t size);
void server_write_tcp(int fd, const uint8_t *query, size_t n);
/* One question over UDP; is_none when no reply comes in wait_ms. */
struct told server_ask(int fd, const struct ask *ask, int wait_ms);
