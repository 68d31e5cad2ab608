/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "feed/parse_role.h"

#include "base/log.h"
#include "config/config_json.h"
#include "feed/definition_json.h"
#include "feed/read.h"
#include "feed/report_json.h"

#include <sys/resource.h>
#include <unistd.h>

enum { NS_PER_MS = 1000000 };

/* One PARSE under way. */
struct job {
	struct child *child;
	struct channel *keeper;
	uint64_t id;
	int64_t told_ns; /* when the last progress was told */
	struct buf text; /* of the message being written */
};

static enum err send_batch(void *state, struct claim_batch *batch, struct why *why)
{
	struct job *job = state;

	buf_clear(&job->text);
	claim_batch_encode(&job->text, batch);
	return channel_send_blocking(job->keeper,
		&(struct message){ .type = MESSAGE_CLAIMS,
			.id = job->id,
			.payload = buf_view(&job->text),
			.fd = -1 },
		-1, why);
}

static void send_progress(void *state, uint64_t bytes_done, uint64_t bytes_total, uint64_t accepted)
{
	struct job *job = state;
	int64_t now_ns = clock_monotonic_ns(job->child->clock);
	struct json_writer json = json_writer_on(&job->text);

	/* progress is news, not duty */
	if (now_ns - job->told_ns < (int64_t)PARSE_PROGRESS_MS * NS_PER_MS ||
		channel_is_full(job->keeper))
		return;
	job->told_ns = now_ns;
	buf_clear(&job->text);
	json_object_begin(&json);
	json_field_u64(&json, "bytes", bytes_done);
	json_field_u64(&json, "total", bytes_total);
	json_field_u64(&json, "accepted", accepted);
	json_object_end(&json);
	if (channel_send_text(
		    job->keeper, MESSAGE_PARSE_PROGRESS, job->id, buf_view(&job->text), NULL) == OK)
		(void)!channel_write(job->keeper, NULL);
}

/* A role that is a thread (--single) shares its limits with all others. */
static bool is_process(const struct child *child)
{
	return (child->sandbox.active >> SANDBOX_LIMITS & 1) != 0;
}

/* Of a job, from now on: the process dies when it uses more. */
static enum err limit_processor(struct why *why)
{
	struct rusage used;
	struct rlimit most;

	if (getrusage(RUSAGE_SELF, &used) == -1 || getrlimit(RLIMIT_CPU, &most) == -1)
		return fail_sys(why, "cannot see the time used");
	most.rlim_cur = (rlim_t)used.ru_utime.tv_sec + (rlim_t)used.ru_stime.tv_sec + PARSE_CPU_S;
	if (most.rlim_cur > most.rlim_max)
		most.rlim_cur = most.rlim_max;
	if (setrlimit(RLIMIT_CPU, &most) == -1)
		return fail_sys(why, "cannot limit the time");
	return OK;
}

static enum err read_job(
	struct job *job, const struct message *message, struct feed_report *report, struct why *why)
{
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(input_close) struct feed_input *input = NULL;
	struct feed_definition definition;
	struct json_node root;
	struct json_node node;
	struct str file = STR("");
	const struct feed_sink sink = { job, send_batch, send_progress };

	TRY(json_parse(reader, message->payload, &root, why));
	TRY(json_need(root, "definition", JSON_OBJECT, &node, why));
	TRY(feed_definition_read(node, &arena, &definition, why));
	if (json_str(json_get(root, "file"), &file))
		file = arena_str(&arena, file);
	if (message->fd == -1)
		return fail(why, ERR_USAGE, "nothing to read");
	/* a job may come a second time, after its first parser died; a pipe has no way back */
	(void)lseek(message->fd, 0, SEEK_SET);
	/* a thread's limits would be those of all roles */
	if (is_process(job->child))
		TRY(limit_processor(why));
	TRY(input_open_fd(message->fd, file, NULL, &input, why));
	return feed_read(&definition, input, &sink, report, why);
}

static void parse_one(struct child *child, struct child_event *event)
{
	struct job job = { child, event->channel, event->message.id, 0, { 0 } };
	struct feed_report *report = calloc(1, sizeof *report);
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);
	struct why why = { .code = OK };

	must(report != NULL);

	enum err err = read_job(&job, &event->message, report, &why);

	feed_report_write(&json, report, err == OK ? NULL : &why);
	free(report);
	buf_done(&job.text);
	/* a keeper that is gone meanwhile begins the job again by itself */
	if (channel_send_text(
		    event->channel, MESSAGE_PARSED, event->message.id, buf_view(&text), &why) == OK)
		(void)!channel_write(event->channel, NULL);
}

static enum err take_settings(struct child *child, struct why *why)
{
	struct config *config = calloc(1, sizeof *config);

	must(config != NULL);
	config_init(config);

	enum err err = config_from_json(config, buf_view(&child->settings), why);
	uint64_t memory_bytes = (uint64_t)config->parse.memory_max_bytes;

	config_done(config);
	free(config);
	TRY(err);
	return is_process(child) ? sandbox_limit_memory(memory_bytes, why) : OK;
}

int parse_role(struct child *child)
{
	struct child_event event;
	struct why why;

	if (take_settings(child, &why) != OK) {
		log_why(LOG_ERROR, "settings_refused", &why);
		return CHILD_EXIT_HOPELESS;
	}
	if (child_ready(child, &why) != OK)
		return CHILD_EXIT_FAILED;
	while (child_wait(child, -1, &why) == OK) {
		while (child_next(child, &event)) {
			if (event.kind == CHILD_STOP)
				return CHILD_EXIT_OK;
			if (event.kind == CHILD_RELOAD && take_settings(child, &why) != OK)
				log_why(LOG_ERROR, "reload_refused", &why);
			if (event.kind == CHILD_MESSAGE && event.message.type == MESSAGE_PARSE)
				parse_one(child, &event);
			message_done(&event.message);
		}
	}
	return CHILD_EXIT_FAILED;
}
