/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test_roles.h"

#include "base/io.h"
#include "base/json_write.h"
#include "proc/control.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TICK_MS = 2, CALLERS_MAX = 4, TEXT_MAX = 64 };

static bool is_told(const struct child *child, const char *word)
{
	struct str settings = buf_view(&child->settings);

	return str_find_str(settings, str_c(word)) < settings.n;
}

static int fetch_main(struct child *child)
{
	struct child_event event;
	struct why why;
	char text[TEXT_MAX];

	must(child_ready(child, &why) == OK);
	while (child_wait(child, -1, &why) == OK) {
		while (child_next(child, &event)) {
			if (event.kind == CHILD_STOP)
				return CHILD_EXIT_OK;
			if (event.kind != CHILD_MESSAGE || event.message.type != MESSAGE_FETCH)
				continue;

			int n = snprintf(text, sizeof text, "feed %llu",
				(unsigned long long)event.message.id);

			must(fd_write_all(event.message.fd, str_from(text, (size_t)n), &why) == OK);
			(void)!channel_send_text(
				event.channel, MESSAGE_FETCHED, event.message.id, STR("{}"), &why);
			message_done(&event.message);
		}
	}
	return CHILD_EXIT_FAILED;
}

static void parse_one(struct child_event *event)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct why why;

	must(lseek(event->message.fd, 0, SEEK_SET) == 0);
	must(fd_read_all(event->message.fd, TEXT_MAX, &text, &why) == OK);
	/* a keeper that is gone meanwhile shows as the loss of the peer */
	(void)!channel_send_blocking(event->channel,
		&(struct message){ .type = MESSAGE_CLAIMS,
			.id = event->message.id,
			.payload = buf_view(&text),
			.fd = -1 },
		1000, &why);
	(void)!channel_send_text(
		event->channel, MESSAGE_PARSED, event->message.id, STR("{}"), &why);
}

static int parse_main(struct child *child)
{
	struct child_event event;
	struct why why;

	must(child_ready(child, &why) == OK);
	while (child_wait(child, -1, &why) == OK) {
		while (child_next(child, &event)) {
			if (event.kind == CHILD_STOP && !is_told(child, "stubborn"))
				return CHILD_EXIT_OK;
			if (event.kind == CHILD_MESSAGE && event.message.type == MESSAGE_PARSE)
				parse_one(&event);
			message_done(&event.message);
		}
	}
	return CHILD_EXIT_FAILED;
}

static int answer_main(struct child *child)
{
	int socket = child_inherited(child, "dns", 0);
	CLEANUP(buf_done) struct buf generation = { 0 };
	struct child_event event;
	struct why why;

	if (is_told(child, "crash"))
		return CHILD_EXIT_FAILED;
	if (is_told(child, "hopeless"))
		return CHILD_EXIT_HOPELESS;
	must(socket != -1 && child_ready(child, &why) == OK);
	for (;;) {
		struct pollfd rows[CHILD_POLL_MAX + 1];
		size_t n = child_poll_fill(child, rows);
		struct sockaddr_in client;
		socklen_t size = sizeof client;
		char byte;

		rows[n] = (struct pollfd){ socket, POLLIN, 0 };
		(void)poll(rows, n + 1, child_is_due(child) ? 0 : -1);
		if (child_poll_done(child, rows, n, &why) != OK)
			return CHILD_EXIT_FAILED;
		while (child_next(child, &event)) {
			if (event.kind == CHILD_STOP)
				return CHILD_EXIT_OK;
			if (event.kind == CHILD_MESSAGE &&
				event.message.type == MESSAGE_GENERATION) {
				buf_clear(&generation);
				buf_str(&generation, event.message.payload);
			}
		}
		if (rows[n].revents != 0 &&
			recvfrom(socket, &byte, 1, 0, (struct sockaddr *)&client, &size) == 1)
			(void)!sendto(socket, generation.data, generation.n, 0,
				(const struct sockaddr *)&client, size);
	}
}

static int web_main(struct child *child)
{
	struct child_event event;
	uint64_t id = 0;
	struct why why;

	must(child_inherited(child, "http", 1) != -1 && child_ready(child, &why) == OK);
	while (child_wait(child, TICK_MS, &why) == OK) {
		while (child_next(child, &event)) {
			if (event.kind == CHILD_STOP)
				return CHILD_EXIT_OK;
			message_done(&event.message);
		}

		struct channel *keeper = child_peer(child, PROCESS_KEEPER, 0);

		/* its own pace, not keeper's */
		(void)poll(NULL, 0, 1);
		if (keeper != NULL && !channel_is_full(keeper))
			(void)!channel_send_text(keeper, MESSAGE_COMMAND, ++id, STR("{}"), &why);
	}
	return CHILD_EXIT_FAILED;
}

struct keeper {
	struct child *child;
	enum { IDLE, FETCHING, PARSING } phase;
	uint64_t job;
	unsigned parser;
	int file;
	uint64_t cycles;
	uint64_t commands;
	uint64_t wrong;
	uint64_t *lives; /* in the shared memory: how often a keeper began */
	struct buf health;
	struct channel callers[CALLERS_MAX];
};

static void begin_job(struct keeper *keeper)
{
	struct channel *fetch = child_peer(keeper->child, PROCESS_FETCH, 0);
	struct why why;

	if (fetch == NULL || keeper->phase != IDLE)
		return;
	fd_close(&keeper->file);
	keeper->file = memfd_create("feed", MFD_CLOEXEC);
	keeper->job++;
	if (channel_send(fetch,
		    &(struct message){
			    .type = MESSAGE_FETCH, .id = keeper->job, .fd = keeper->file },
		    &why) == OK)
		keeper->phase = FETCHING;
}

static void parse_job(struct keeper *keeper)
{
	struct why why;

	keeper->parser = (keeper->parser + 1) % TEST_PARSERS;

	struct channel *parse = child_peer(keeper->child, PROCESS_PARSE, keeper->parser);

	keeper->phase = parse != NULL && channel_send(parse,
						 &(struct message){ .type = MESSAGE_PARSE,
							 .id = keeper->job,
							 .fd = keeper->file },
						 &why) == OK
				? PARSING
				: IDLE;
}

static void end_job(struct keeper *keeper)
{
	char text[TEXT_MAX];
	struct why why;
	int n = snprintf(text, sizeof text, "cycle %llu of %llu",
		(unsigned long long)++keeper->cycles, (unsigned long long)*keeper->lives);

	keeper->phase = IDLE;
	(void)!channel_send_text(
		&keeper->child->parent, MESSAGE_GENERATION, 0, str_from(text, (size_t)n), &why);
}

static void put_status(const struct keeper *keeper, struct buf *out)
{
	struct json_writer json = json_writer_on(out);

	json_object_begin(&json);
	json_field_u64(&json, "life", *keeper->lives);
	json_field_u64(&json, "cycles", keeper->cycles);
	json_field_u64(&json, "commands", keeper->commands);
	json_field_u64(&json, "wrong", keeper->wrong);
	json_key(&json, "settings");
	json_put_raw(&json, buf_view(&keeper->child->settings));
	json_key(&json, "health");
	json_put_raw(&json, keeper->health.n > 0 ? buf_view(&keeper->health) : STR("null"));
	json_object_end(&json);
}

static void take_message(struct keeper *keeper, const struct child_event *event)
{
	const struct message *message = &event->message;
	bool is_current = message->id == keeper->job;
	char text[TEXT_MAX];
	int n = snprintf(text, sizeof text, "feed %llu", (unsigned long long)keeper->job);
	struct why why;

	if (message->type == MESSAGE_FETCHED && keeper->phase == FETCHING && is_current) {
		parse_job(keeper);
	} else if (message->type == MESSAGE_CLAIMS && keeper->phase == PARSING && is_current) {
		if (!str_eq(message->payload, str_from(text, (size_t)n)))
			keeper->wrong++;
	} else if (message->type == MESSAGE_PARSED && keeper->phase == PARSING && is_current) {
		end_job(keeper);
	} else if (message->type == MESSAGE_COMMAND) {
		keeper->commands++;
		(void)!channel_send_text(
			event->channel, MESSAGE_REPLY, message->id, STR("{}"), &why);
	} else if (message->type == MESSAGE_HEALTH) {
		buf_clear(&keeper->health);
		buf_str(&keeper->health, message->payload);
	}
}

/* What worked on the job is gone: the job begins anew. */
static void lose_peer(struct keeper *keeper, const struct child_event *event)
{
	if ((event->peer == PROCESS_FETCH && keeper->phase == FETCHING) ||
		(event->peer == PROCESS_PARSE && keeper->phase == PARSING &&
			event->index == keeper->parser))
		keeper->phase = IDLE;
}

static void serve_callers(struct keeper *keeper)
{
	int listener = child_inherited(keeper->child, CONTROL_NAME, 0);
	struct control_caller who;
	struct message message;
	struct why why;

	for (size_t i = 0; i < CALLERS_MAX; i++) {
		struct channel *caller = &keeper->callers[i];

		if (caller->fd == -1 && control_accept(listener, caller, &who, &why) != OK)
			*caller = (struct channel)CHANNEL_CLOSED;
		if (!channel_is_open(caller) || channel_read(caller, &why) != OK) {
			channel_done(caller);
			continue;
		}
		while (channel_next(caller, &message)) {
			CLEANUP(buf_done) struct buf text = { 0 };

			put_status(keeper, &text);
			(void)!channel_send_text(
				caller, MESSAGE_REPLY, message.id, buf_view(&text), &why);
		}
		(void)!channel_write(caller, &why);
	}
}

static int keeper_main(struct child *child)
{
	struct keeper keeper = { .child = child, .file = -1 };
	struct child_event event;
	struct why why;
	void *memory = mmap(NULL, TEST_MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
		child_inherited(child, "memory", 0), 0);

	must(memory != MAP_FAILED);
	keeper.lives = memory;
	(*keeper.lives)++;
	for (size_t i = 0; i < CALLERS_MAX; i++)
		keeper.callers[i] = (struct channel)CHANNEL_CLOSED;
	must(child_ready(child, &why) == OK);
	while (child_wait(child, TICK_MS, &why) == OK) {
		while (child_next(child, &event)) {
			if (event.kind == CHILD_PEER_LOST)
				lose_peer(&keeper, &event);
			if (event.kind == CHILD_MESSAGE)
				take_message(&keeper, &event);
			message_done(&event.message);
			if (event.kind == CHILD_STOP)
				goto stop;
		}
		begin_job(&keeper);
		serve_callers(&keeper);
	}
stop:
	for (size_t i = 0; i < CALLERS_MAX; i++)
		channel_done(&keeper.callers[i]);
	fd_close(&keeper.file);
	buf_done(&keeper.health);
	(void)munmap(memory, TEST_MEMORY_BYTES);
	return child->is_stopping ? CHILD_EXIT_OK : CHILD_EXIT_FAILED;
}

const struct process_role test_roles[] = {
	{ PROCESS_KEEPER, keeper_main, 1 },
	{ PROCESS_FETCH, fetch_main, 1 },
	{ PROCESS_PARSE, parse_main, TEST_PARSERS },
	{ PROCESS_ANSWER, answer_main, 1 },
	{ PROCESS_WEB, web_main, 1 },
};
_Static_assert(ARRAY_LEN(test_roles) == TEST_ROLES, "the number of roles");
