/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the fetch and parse roles say of a job, and what follows from it. */
#include "base/io.h"
#include "base/log.h"
#include "evidence/query.h"
#include "feed/definition_json.h"
#include "feed/report_json.h"
#include "keeper/held.h"
#include "keeper/job_int.h"
#include "keeper/service.h"

#include <errno.h>
#include <sodium.h>
#include <unistd.h>

enum { HASH_CHUNK_BYTES = 256 * 1024 };

enum err job_content_hash(const struct keeper *keeper, const struct job *job,
	uint8_t out[IMPORT_HASH_BYTES], struct why *why)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);
	crypto_generichash_state state;
	off_t offset = 0;
	ssize_t n;

	feed_definition_write(&json, &job->definition);
	must(crypto_generichash_init(&state, NULL, 0, IMPORT_HASH_BYTES) == 0);
	/* what guards refuse today they may let pass tomorrow: the list is read again then */
	if (job->definition.purpose == PURPOSE_CLAIMS)
		buf_u64(&text, rules_never_hash(keeper_rules(keeper)));
	must(crypto_generichash_update(&state, (const uint8_t *)text.data, text.n) == 0);
	buf_clear(&text);
	(void)buf_reserve(&text, HASH_CHUNK_BYTES);
	do {
		n = pread(job->input, text.data, HASH_CHUNK_BYTES, offset);
		if (n > 0) {
			must(crypto_generichash_update(
				     &state, (const uint8_t *)text.data, (size_t)n) == 0);
			offset += n;
		}
	} while (n > 0 || (n == -1 && errno == EINTR));
	if (n == -1)
		return fail_sys(why, "cannot read the input");
	must(crypto_generichash_final(&state, out, IMPORT_HASH_BYTES) == 0);
	return OK;
}

static struct job *job_find(struct service *service, uint64_t id)
{
	for (size_t i = 0; i < service->job_count; i++) {
		if (service->jobs[i]->id == id)
			return service->jobs[i];
	}
	return NULL;
}

/* The answer: what parse said of the reading, and what it changed in the store. */
static void answer_write(struct buf *answer, const struct job *job,
	const struct feed_report *report, const struct import_result *result, int64_t run,
	int64_t took_ms)
{
	struct json_writer json = json_writer_on(answer);

	json_object_begin(&json);
	json_field_bool(&json, "ok", true);
	json_key(&json, "result");
	json_object_begin(&json);
	json_field_str(&json, "state", STR("done"));
	json_field_str(&json, "source", job->definition.name);
	json_field_i64(&json, "run", run);
	json_field_u64(&json, "added", result->added);
	json_field_u64(&json, "updated", result->updated);
	json_field_u64(&json, "kept", result->kept);
	json_field_u64(&json, "ended", result->ended);
	json_field_i64(&json, "took_ms", took_ms);
	json_key(&json, "reading");
	feed_report_write(&json, report, NULL);
	json_object_end(&json);
	json_object_end(&json);
}

/* What follows from a list that is merged. */
static void job_follow(struct service *service, const struct job *job)
{
	held_overtaken(service, job->definition.name, job->spool);
	if (job->definition.purpose == PURPOSE_GUARD)
		service_rules_changed(service);
	job_done_build(service, job);
}

static void job_finished(struct service *service, struct job *job, struct feed_report *report)
{
	struct import_reading reading;
	struct import_result result;
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(buf_done) struct buf answer = { 0 };
	CLEANUP(buf_done) struct buf members = { 0 };
	int64_t run = import_run(job->import);
	int64_t took_ms = (clock_monotonic_ns(service->keeper.clock) - job->started_ns) / 1000000;
	struct why why;

	job_reading_of(report, &job->guarded, &arena, &reading);
	if (import_finish(&job->import, &reading, job->etag, job->last_modified, &result, &why) !=
		OK) {
		job_fail(service, job, &why);
		return;
	}
	log_event(LOG_INFO, "import_done", LOG_S("source", job->definition.name),
		LOG_U("accepted", reading.accepted), LOG_U("refused", reading.refused),
		LOG_U("added", result.added), LOG_U("ended", result.ended), LOG_I("ms", took_ms));
	job_report_add_guarded(report, &job->guarded);
	answer_write(&answer, job, report, &result, run, took_ms);
	service_reply(service, job->asker, job->asker_id, buf_view(&answer));
	buf_fmt(&members, "\"source\":\"%.*s\",\"run\":%lld,\"accepted\":%llu",
		STR_FMT(job->definition.name), (long long)run,
		(unsigned long long)reading.accepted);
	service_event(service, "import_done", buf_view(&members));
	job_follow(service, job);
	job_free(service, job);
}

static void on_parsed(struct service *service, struct job *job, const struct message *message)
{
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	struct feed_report report;

	if (job_report_read(service, job, reader, message->payload, &report))
		job_finished(service, job, &report);
}

static void on_claims(struct service *service, struct job *job, const struct message *message)
{
	CLEANUP(claim_batch_done) struct claim_batch batch = { 0 };
	struct why why;

	if (claim_batch_decode(message->payload, &batch, &why) != OK) {
		job_fail(service, job, &why);
		return;
	}
	if (job->definition.purpose == PURPOSE_CLAIMS)
		guarded_take_out(&job->guarded, keeper_rules(&service->keeper), &batch);
	if (import_batch(job->import, &batch, &why) != OK)
		job_fail(service, job, &why);
}

static void on_progress(struct service *service, struct job *job, const struct message *message)
{
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);
	struct json_node root;
	struct why why;

	if (json_parse(reader, message->payload, &root, &why) != OK)
		return;
	(void)!json_u64(json_get(root, "bytes"), &job->bytes_done);
	(void)!json_u64(json_get(root, "total"), &job->bytes_total);
	(void)!json_u64(json_get(root, "accepted"), &job->accepted);
	job_write(&json, job);
	service_progress(service, job->asker, job->asker_id, buf_view(&text));
	service_event(service, "progress",
		str_from(text.data + 1, text.n - 2)); /* the members without their braces */
}

static void fetch_failed(struct service *service, struct job *job, struct json_node root)
{
	struct keeper *keeper = &service->keeper;
	struct why why = { .code = ERR_IO };
	struct why ignored;
	struct str text;

	if (json_str(json_get(root, "why"), &text))
		(void)snprintf(why.text, sizeof why.text, "%.*s", STR_FMT(str_first(text, 240)));
	if (import_failed(keeper->db, job->definition.name, clock_now_s(keeper->clock),
		    str_c(why.text), &ignored) != OK)
		log_why(LOG_ERROR, "status_lost", &ignored);
	job_fail(service, job, &why);
}

static void fetch_not_modified(struct service *service, struct job *job)
{
	CLEANUP(buf_done) struct buf answer = { 0 };
	struct keeper *keeper = &service->keeper;
	struct why why;

	if (import_not_modified(
		    keeper->db, job->definition.name, clock_now_s(keeper->clock), &why) != OK) {
		job_fail(service, job, &why);
		return;
	}
	held_overtaken(service, job->definition.name, STR(""));
	buf_fmt(&answer,
		"{\"ok\":true,\"result\":{\"state\":\"unchanged\",\"source\":\"%.*s\","
		"\"accepted\":0,\"refused\":0}}",
		STR_FMT(job->definition.name));
	service_reply(service, job->asker, job->asker_id, buf_view(&answer));
	job_free(service, job);
}

static void on_fetched(struct service *service, struct job *job, const struct message *message)
{
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	struct json_node root;
	struct str status;
	struct str text;
	struct why why;

	if (json_parse(reader, message->payload, &root, &why) != OK ||
		json_need(root, "status", JSON_STRING, &(struct json_node){ 0 }, &why) != OK) {
		job_fail(service, job, &why);
		return;
	}
	if (!json_str(json_get(root, "status"), &status))
		status = STR("failed");
	if (str_eq(status, STR("not_modified"))) {
		fetch_not_modified(service, job);
	} else if (!str_eq(status, STR("fetched"))) {
		fetch_failed(service, job, root);
	} else {
		if (json_str(json_get(root, "etag"), &text))
			job->etag = arena_str(&job->arena, text);
		if (json_str(json_get(root, "last_modified"), &text))
			job->last_modified = arena_str(&job->arena, text);
		job->state = JOB_WAITING;
	}
}

static const struct {
	enum message_type type;
	enum process from;
	enum job_state state; /* in which the message makes sense; late ones are dropped */
	void (*handle)(struct service *service, struct job *job, const struct message *message);
} handlers[] = {
	{ MESSAGE_FETCHED, PROCESS_FETCH, JOB_FETCHING, on_fetched },
	{ MESSAGE_CLAIMS, PROCESS_PARSE, JOB_SURVEYING, on_survey_claims },
	{ MESSAGE_PARSE_PROGRESS, PROCESS_PARSE, JOB_SURVEYING, on_progress },
	{ MESSAGE_PARSED, PROCESS_PARSE, JOB_SURVEYING, on_surveyed },
	{ MESSAGE_CLAIMS, PROCESS_PARSE, JOB_PARSING, on_claims },
	{ MESSAGE_PARSE_PROGRESS, PROCESS_PARSE, JOB_PARSING, on_progress },
	{ MESSAGE_PARSED, PROCESS_PARSE, JOB_PARSING, on_parsed },
};

void job_message(
	struct service *service, enum process from, unsigned index, const struct message *message)
{
	struct job *job = job_find(service, message->id);

	/* a parse role may only speak of the job that it was given */
	if (job == NULL || (from == PROCESS_PARSE && job->parser != index))
		return;
	for (size_t i = 0; i < ARRAY_LEN(handlers); i++) {
		if (handlers[i].type == message->type && handlers[i].from == from &&
			handlers[i].state == job->state) {
			handlers[i].handle(service, job, message);
			return;
		}
	}
}

void jobs_peer_lost(struct service *service, enum process from, unsigned index)
{
	struct why why;

	for (size_t i = service->job_count; i-- > 0;) {
		struct job *job = service->jobs[i];

		if (from == PROCESS_PARSE && job->state >= JOB_SURVEYING && job->parser == index)
			(void)fail(&why, ERR_CLOSED,
				"the parser ended while it read %.*s: it was killed, or met its "
				"limit",
				STR_FMT(job->file));
		else if (from == PROCESS_FETCH && job->state == JOB_FETCHING)
			(void)fail(&why, ERR_CLOSED, "the fetcher ended under way");
		else
			continue;
		job_retry(service, job, &why);
	}
}
