/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "feed/fetch_role.h"

#include "base/io.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/log.h"
#include "feed/fetch.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { WAIT_MS = 60000, JOBS_MAX = 256 };

struct fetcher_state {
	struct child *child;
	struct fetcher *fetcher;
	struct json_reader *reader;
	size_t jobs;
};

/* A request under way: whose it is, and where it writes. */
struct fetch_job {
	uint64_t id;
	int fd; /* owned */
};

/* The words of FETCHED. */
static const char *const status_words[] = {
	[FETCH_DONE] = "fetched",
	[FETCH_NOT_MODIFIED] = "not_modified",
	[FETCH_FAILED] = "failed",
};

/* A keeper that is away now asks again when it is back. */
static void tell(struct fetcher_state *state, uint64_t id, const struct fetch_result *result)
{
	struct channel *keeper = child_peer(state->child, PROCESS_KEEPER, 0);
	bool has_failed = result->status == FETCH_FAILED;
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);
	struct why why;

	json_object_begin(&json);
	json_field_str(&json, "status", str_c(status_words[result->status]));
	json_field_str(&json, "etag", str_c(result->validators.etag));
	json_field_str(&json, "last_modified", str_c(result->validators.last_modified));
	json_field_u64(&json, "bytes", result->bytes);
	json_field_i64(&json, "code", result->http_code);
	json_field_str(&json, "why", has_failed ? str_c(result->why.text) : STR(""));
	json_object_end(&json);
	if (keeper != NULL &&
		channel_send_text(keeper, MESSAGE_FETCHED, id, buf_view(&text), &why) != OK)
		log_why(LOG_WARNING, "fetched_lost", &why);
}

static void job_end(struct fetcher_state *state, struct fetch_job *job)
{
	fd_close(&job->fd);
	free(job);
	state->jobs--;
}

static void on_result(void *argument, void *tag, const struct fetch_result *result)
{
	struct fetcher_state *state = argument;
	struct fetch_job *job = tag;

	tell(state, job->id, result);
	job_end(state, job);
}

/* Text of the message into an array of the request; one that does not fit is as good as none. */
static void read_text(struct json_node root, const char *key, char *out, size_t size)
{
	struct str text;

	if (!json_str(json_get(root, key), &text) || !str_to_c(text, out, size))
		out[0] = '\0';
}

static enum err read_request(struct fetcher_state *state, const struct message *message,
	struct fetch_request *out, struct why *why)
{
	struct fetch_limits *limits = &out->limits;
	struct json_node root;

	*out = (struct fetch_request){ .fd = message->fd, .limits = fetch_limits_default() };
	if (message->fd == -1)
		return fail(why, ERR_USAGE, "there is no file to write to");
	TRY(json_parse(state->reader, message->payload, &root, why));
	if (!json_str(json_get(json_get(root, "definition"), "url"), &out->url))
		return fail(why, ERR_USAGE, "the definition has no URL");
	if (!json_u64(json_get(root, "size_max"), &limits->bytes_max) || limits->bytes_max == 0 ||
		!json_i64(json_get(root, "timeout_s"), &limits->total_s) || limits->total_s < 1)
		return fail(why, ERR_USAGE, "the limits are missing");
	if (limits->connect_s > limits->total_s)
		limits->connect_s = limits->total_s;
	read_text(root, "etag", out->validators.etag, sizeof out->validators.etag);
	read_text(root, "last_modified", out->validators.last_modified,
		sizeof out->validators.last_modified);
	return OK;
}

static enum err begin(struct fetcher_state *state, struct message *message, struct why *why)
{
	struct fetch_request request;

	TRY(read_request(state, message, &request, why));
	if (state->jobs == JOBS_MAX)
		return fail(why, ERR_BUSY, "%d downloads wait already", (int)JOBS_MAX);

	struct fetch_job *job = malloc(sizeof *job);

	must(job != NULL);
	*job = (struct fetch_job){ message->id, message->fd };
	request.tag = job;

	enum err err = fetcher_add(state->fetcher, &request, why);

	if (err != OK) {
		free(job);
		return err;
	}
	message->fd = -1;
	state->jobs++;
	return OK;
}

static void on_event(struct fetcher_state *state, struct child_event *event)
{
	struct fetch_result failed = { .status = FETCH_FAILED };

	if (event->kind == CHILD_MESSAGE && event->message.type == MESSAGE_FETCH &&
		begin(state, &event->message, &failed.why) != OK)
		tell(state, event->message.id, &failed);
	message_done(&event->message);
}

/* One descriptor that is readable when any of the rows is ready, for the fetcher's own poll. */
static enum err join(const struct pollfd *rows, size_t n, int *out, struct why *why)
{
	CLEANUP(fd_close) int all = epoll_create1(EPOLL_CLOEXEC);

	if (all == -1)
		return fail_sys(why, "cannot wait");
	for (size_t i = 0; i < n; i++) {
		/* the bits of poll() and epoll are the same on Linux */
		struct epoll_event event = { .events = (uint32_t)rows[i].events };

		if (epoll_ctl(all, EPOLL_CTL_ADD, rows[i].fd, &event) == -1)
			return fail_sys(why, "cannot wait");
	}
	*out = all;
	all = -1;
	return OK;
}

static enum err turn(struct fetcher_state *state, struct why *why)
{
	struct child *child = state->child;
	struct pollfd rows[CHILD_POLL_MAX];
	size_t n = child_poll_fill(child, rows);
	CLEANUP(fd_close) int all = -1;
	struct child_event event;
	bool is_ready;

	TRY(join(rows, n, &all, why));
	(void)fetcher_step(state->fetcher, all, child_is_due(child) ? 0 : WAIT_MS, &is_ready);
	if (poll(rows, n, 0) == -1 && errno != EINTR)
		return fail_sys(why, "cannot poll");
	TRY(child_poll_done(child, rows, n, why));
	while (!child->is_stopping && child_next(child, &event))
		on_event(state, &event);
	return OK;
}

int fetch_role(struct child *child)
{
	struct fetcher_state state = { .child = child, .reader = json_reader_new() };
	struct why why;
	enum err err;

	state.fetcher = fetcher_new(on_result, &state);
	err = child_ready(child, &why);
	while (err == OK && !child->is_stopping)
		err = turn(&state, &why);
	if (err != OK && err != ERR_CLOSED)
		log_why(LOG_ERROR, "fetch_ends", &why);
	/* what is under way ends with the process, its files with it */
	fetcher_free(&state.fetcher);
	json_reader_free(&state.reader);
	return child->is_stopping ? CHILD_EXIT_OK : CHILD_EXIT_FAILED;
}
