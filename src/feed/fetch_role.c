/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "feed/fetch_role.h"

#include "base/io.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/log.h"
#include "feed/fetch.h"

#include <poll.h>

enum { WAIT_MS = 60000 };

struct fetcher {
	struct child *child;
	struct fetch *fetch;
	struct json_reader *reader;
};

/* Keeper forgets nothing: without it, it asks again. */
static void tell(struct fetcher *fetcher, const struct fetch_result *result)
{
	struct channel *keeper = child_peer(fetcher->child, PROCESS_KEEPER, 0);
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);
	struct why why;

	json_object_begin(&json);
	json_field_str(&json, "status", str_c(fetch_status_word(result->status)));
	json_field_str(&json, "etag", str_c(result->etag));
	json_field_str(&json, "last_modified", str_c(result->last_modified));
	json_field_u64(&json, "bytes", result->bytes);
	json_field_i64(&json, "code", result->code);
	json_field_str(
		&json, "why", result->status == FETCH_FAILED ? str_c(result->why.text) : STR(""));
	json_object_end(&json);
	if (keeper != NULL &&
		channel_send_text(keeper, MESSAGE_FETCHED, result->id, buf_view(&text), &why) != OK)
		log_why(LOG_WARNING, "fetched_lost", &why);
}

static enum err read_request(struct fetcher *fetcher, struct message *message,
	struct fetch_request *out, struct why *why)
{
	struct json_node root;
	int64_t size_max;

	*out = (struct fetch_request){ .id = message->id, .fd = message->fd };
	TRY(json_parse(fetcher->reader, message->payload, &root, why));
	if (!json_str(json_get(json_get(root, "definition"), "url"), &out->url))
		return fail(why, ERR_SYNTAX, "the definition has no address");
	if (!json_i64(json_get(root, "size_max"), &size_max) || size_max < 1 ||
		!json_i64(json_get(root, "timeout_s"), &out->timeout_s))
		return fail(why, ERR_SYNTAX, "the limits are missing");
	out->size_max_bytes = (uint64_t)size_max;
	(void)!json_str(json_get(root, "etag"), &out->etag);
	(void)!json_str(json_get(root, "last_modified"), &out->last_modified);
	if (message->fd == -1)
		return fail(why, ERR_SYNTAX, "there is no file to write to");
	return OK;
}

static void begin(struct fetcher *fetcher, struct message *message)
{
	struct fetch_result failed = { .id = message->id, .status = FETCH_FAILED };
	struct fetch_request request;
	enum err err = read_request(fetcher, message, &request, &failed.why);

	if (err == OK) {
		/* taken, also when it cannot begin */
		message->fd = -1;
		err = fetch_start(fetcher->fetch, &request, &failed.why);
	}
	if (err != OK)
		tell(fetcher, &failed);
}

/* What was asked by a keeper that is gone is given up: the new one asks again. */
static enum err begin_anew(struct fetcher *fetcher, struct why *why)
{
	fetch_free(&fetcher->fetch);
	return fetch_new(&fetcher->fetch, why);
}

static enum err turn(struct fetcher *fetcher, struct why *why)
{
	struct child *child = fetcher->child;
	struct pollfd rows[CHILD_POLL_MAX];
	size_t n = child_poll_fill(child, rows);
	struct fetch_result result;
	struct child_event event;

	TRY(fetch_wait(fetcher->fetch, rows, n, child_is_due(child) ? 0 : WAIT_MS, why));
	TRY(child_poll_done(child, rows, n, why));
	while (!child->is_stopping && child_next(child, &event)) {
		enum err err = OK;

		if (event.kind == CHILD_MESSAGE && event.message.type == MESSAGE_FETCH)
			begin(fetcher, &event.message);
		else if (event.kind == CHILD_PEER_LOST)
			err = begin_anew(fetcher, why);
		message_done(&event.message);
		TRY(err);
	}
	while (fetch_next(fetcher->fetch, &result))
		tell(fetcher, &result);
	return OK;
}

int fetch_role(struct child *child)
{
	struct fetcher fetcher = { .child = child, .reader = json_reader_new() };
	struct why why;
	enum err err = fetch_new(&fetcher.fetch, &why);

	if (err == OK)
		err = child_ready(child, &why);
	while (err == OK && !child->is_stopping)
		err = turn(&fetcher, &why);
	if (err != OK && err != ERR_CLOSED)
		log_why(LOG_ERROR, "fetch_ends", &why);
	fetch_free(&fetcher.fetch);
	json_reader_free(&fetcher.reader);
	return child->is_stopping ? CHILD_EXIT_OK : CHILD_EXIT_FAILED;
}
