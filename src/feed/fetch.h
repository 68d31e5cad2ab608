/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Downloads over HTTP and HTTPS, several at once, each into a descriptor (libcurl). Conditional:
 * with the validators of the last time (RFC 9110, section 13) an unchanged list costs no transfer.
 * Bounded in size, time and redirects; an answer that is no 200 or 304 is a failure with its
 * reason. What an address answers is not looked at here.
 *
 * One thread. A transfer that stands still for a third of its time is given up.
 */
#pragma once

#include "base/str.h"

enum {
	FETCH_AT_ONCE = 8, /* transfers; further ones wait for their turn */
	FETCH_WAITING_MAX = 256,
	FETCH_REDIRECTS_MAX = 5,
	FETCH_VALIDATOR_MAX = 256, /* bytes; a longer ETag is not kept */
	FETCH_URL_MAX = 4096
};

struct fetch_request {
	uint64_t id;              /* the caller's, comes back in the result */
	struct str url;           /* http or https */
	struct str etag;          /* of the last time; empty: none */
	struct str last_modified; /* of the last time; empty: none */
	uint64_t size_max_bytes;
	int64_t timeout_s; /* of the whole transfer */
	int fd;            /* taken; emptied, then written from its start */
};

enum fetch_status { FETCH_DONE, FETCH_NOT_MODIFIED, FETCH_FAILED, FETCH_STATUSES };

struct fetch_result {
	uint64_t id;
	enum fetch_status status;
	char etag[FETCH_VALIDATOR_MAX]; /* visible ASCII; empty when there is none */
	char last_modified[FETCH_VALIDATOR_MAX];
	uint64_t bytes; /* written */
	long code;      /* HTTP's; 0 when there was no answer */
	struct why why; /* of FETCH_FAILED */
};

/* "fetched", "not_modified", "failed". */
const char *fetch_status_word(enum fetch_status status);

struct fetch;

NODISCARD enum err fetch_new(struct fetch **out, struct why *why);
void fetch_free(struct fetch **fetch); /* gives up what runs; for CLEANUP */

/* Begins, or queues. ERR_USAGE for a URL that is none of ours; ERR_BUSY when the queue is full. */
NODISCARD enum err fetch_start(
	struct fetch *fetch, const struct fetch_request *request, struct why *why);

struct pollfd;
/*
 * Waits for the transfers and for the caller's own descriptors (revents are filled), then moves the
 * transfers on.
 */
NODISCARD enum err fetch_wait(
	struct fetch *fetch, struct pollfd *own, size_t n, int timeout_ms, struct why *why);
/* A transfer that ended; false when none has. */
bool fetch_next(struct fetch *fetch, struct fetch_result *out);
