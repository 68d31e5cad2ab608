/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fetching: the code of the fetch role, which has the network and no store. For each feed it is
 * given a URL, what is known of the last copy (validators), and a descriptor to write to; it
 * interprets nothing of the body.
 *
 * http and https only, and from https never back to http; file:// only where the operator allows
 * it. No credentials, cookies or compression are offered. Bytes, time, speed and redirects are
 * capped. Several run at once in one loop; not to be shared between threads.
 */
#pragma once

#include "base/buf.h"

struct fetch_limits {
	uint64_t bytes_max;
	int64_t total_s;
	int64_t connect_s;
	uint64_t speed_min;    /* bytes a second ... */
	int64_t speed_slack_s; /* ... over so many seconds, else it is given up */
	unsigned redirects_max;
	bool allow_file; /* file:// URLs */
};

enum {
	FETCH_TOTAL_S = 600,
	FETCH_CONNECT_S = 30,
	FETCH_SPEED_MIN = 1024,
	FETCH_SPEED_SLACK_S = 30,
	FETCH_REDIRECTS_MAX = 5,
	FETCH_AT_ONCE = 8, /* further ones wait */
	FETCH_ETAG_MAX = 256,
	FETCH_DATE_MAX = 64
};
#define FETCH_BYTES_MAX ((uint64_t)1 << 30)

/* What a server gave with the last copy, so that it can say "not modified" (RFC 9110, 13). */
struct fetch_validators {
	char etag[FETCH_ETAG_MAX];          /* with its quotes; empty: none */
	char last_modified[FETCH_DATE_MAX]; /* as the server wrote it; empty: none */
};

struct fetch_request {
	struct str url; /* copied */
	struct fetch_validators validators;
	int fd; /* regular file; written from its beginning; stays the caller's */
	struct fetch_limits limits;
	void *tag; /* given back with the result */
};

enum fetch_status {
	FETCH_DONE,         /* the body is in the descriptor, cut to its length */
	FETCH_NOT_MODIFIED, /* the last copy is still good; nothing was written */
	FETCH_FAILED        /* why says it; what the descriptor holds is of no use */
};

struct fetch_result {
	enum fetch_status status;
	struct why why;
	long http_code; /* of the last response; 0: none came */
	struct fetch_validators validators;
	uint64_t bytes;
	int64_t elapsed_ms;
	unsigned redirects;
};

struct fetch_limits fetch_limits_default(void);

struct fetcher;
typedef void (*fetch_handler)(void *state, void *tag, const struct fetch_result *result);

/* handler is called from fetcher_step() only, once for each request. */
struct fetcher *fetcher_new(fetch_handler handler, void *state);
/* Requests under way are dropped without a result. For CLEANUP. */
void fetcher_free(struct fetcher **fetcher);

/* ERR_USAGE for a URL of another kind; then no result follows. */
NODISCARD enum err fetcher_add(
	struct fetcher *fetcher, const struct fetch_request *request, struct why *why);

/*
 * Works on what is under way; waits at most timeout_ms for something to do, or until extra_fd (-1:
 * none) can be read, which *extra_ready tells. Returns how many requests are under way or waiting.
 */
size_t fetcher_step(struct fetcher *fetcher, int extra_fd, int timeout_ms, bool *extra_ready);

/* One request to its end. */
void fetch_one(const struct fetch_request *request, struct fetch_result *out);
