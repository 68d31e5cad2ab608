/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keeper/job.h"

#include "base/io.h"
#include "base/log.h"
#include "evidence/query.h"
#include "feed/definition_json.h"
#include "keeper/declare.h"
#include "keeper/held.h"
#include "keeper/job_int.h"
#include "keeper/service.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUILD_AFTER_IMPORT_MS = 300, SPOOL_CHUNK_BYTES = 1 << 20 };

static const char *const state_words[] = {
	[JOB_FETCHING] = "fetching",
	[JOB_WAITING] = "waiting",
	[JOB_SURVEYING] = "surveying",
	[JOB_PARSING] = "parsing",
};
_Static_assert(ARRAY_LEN(state_words) == JOB_STATES, "one word per state");

void job_write(struct json_writer *json, const struct job *job)
{
	json_object_begin(json);
	json_field_u64(json, "id", job->id);
	json_field_str(json, "source", job->definition.name);
	json_field_str(json, "state", str_c(state_words[job->state]));
	json_field_str(json, "by", str_c(job->actor));
	if (job->import != NULL)
		json_field_i64(json, "run", import_run(job->import));
	json_field_u64(json, "bytes", job->bytes_done);
	json_field_u64(json, "bytes_total", job->bytes_total);
	json_field_u64(json, "accepted", job->accepted);
	json_object_end(json);
}

/* What a later keeper needs to begin the job again, kept in the run's row. */
static void job_resume_text(const struct job *job, struct buf *out)
{
	struct json_writer json = json_writer_on(out);

	json_object_begin(&json);
	json_key(&json, "definition");
	feed_definition_write(&json, &job->definition);
	json_field_str(&json, "file", job->file);
	json_field_str(&json, "spool", job->spool);
	json_field_str(&json, "by", str_c(job->actor));
	json_field_bool(&json, "build", job->is_built_after);
	json_field_bool(&json, "accepted", job->is_accepted);
	json_object_end(&json);
}

struct job *job_new(
	struct service *service, const struct feed_definition *definition, struct why *why)
{
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);
	struct json_node root;
	struct job *job;

	if (service->job_count == JOBS_MAX) {
		(void)fail(why, ERR_BUSY, "%d jobs are under way already", JOBS_MAX);
		return NULL;
	}
	job = calloc(1, sizeof *job);
	must(job != NULL);
	/* through JSON and back: a copy of every part, whatever parts a definition has */
	feed_definition_write(&json, definition);
	if (json_parse(reader, buf_view(&text), &root, why) != OK ||
		feed_definition_read(root, &job->arena, &job->definition, why) != OK) {
		arena_done(&job->arena);
		free(job);
		return NULL;
	}
	job->id = service->next_job++;
	job->input = -1;
	job->started_ns = clock_monotonic_ns(service->keeper.clock);
	job->is_built_after = true;
	service->jobs[service->job_count++] = job;
	return job;
}

/* The job is over in whatever way: its spool file and its place go. */
void job_free(struct service *service, struct job *job)
{
	CLEANUP(buf_done) struct buf path = { 0 };

	if (job->spool.n != 0) {
		buf_str(&path, job->spool);
		(void)unlink(buf_c(&path));
	}
	fd_close(&job->input);
	for (size_t i = 0; i < service->job_count; i++) {
		if (service->jobs[i] == job)
			service->jobs[i] = service->jobs[--service->job_count];
	}
	arena_done(&job->arena);
	free(job);
}

enum err job_spool_new(struct service *service, struct job *job, struct why *why)
{
	CLEANUP(buf_done) struct buf path = { 0 };

	buf_fmt(&path, "%s/" KEEPER_SPOOL_FOLDER "/%lld-%llu", service->keeper.data,
		(long long)clock_now_s(service->keeper.clock), (unsigned long long)job->id);
	job->input = open(buf_c(&path), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (job->input == -1)
		return fail_sys(why, "cannot create %s", buf_c(&path));
	job->spool = arena_str(&job->arena, buf_view(&path));
	return OK;
}

/*
 * The input is copied into the spool, so that a restart finds it again whatever it was. Done here,
 * in keeper, because the bytes are only moved, never looked at.
 */
static enum err job_take_input(struct service *service, struct job *job, int *fd, struct why *why)
{
	CLEANUP(buf_done) struct buf chunk = { 0 };
	struct stat stat;
	ssize_t n;

	if (fstat(*fd, &stat) == -1)
		return fail_sys(why, "cannot look at the input");
	/* keeper must not wait for somebody's pipe */
	if (!S_ISREG(stat.st_mode))
		return fail(why, ERR_USAGE, "%.*s is no regular file", STR_FMT(job->file));
	TRY(job_spool_new(service, job, why));
	(void)buf_reserve(&chunk, SPOOL_CHUNK_BYTES);
	do {
		n = read(*fd, chunk.data, SPOOL_CHUNK_BYTES);
		if (n > 0)
			TRY(fd_write_all(job->input, str_from(chunk.data, (size_t)n), why));
	} while (n > 0 || (n == -1 && errno == EINTR));
	if (n == -1)
		return fail_sys(why, "cannot read the input");
	fd_close(fd);
	return OK;
}

enum err job_import(struct service *service, const struct feed_definition *definition,
	struct str file, int fd, bool is_built_after, struct job **out, struct why *why)
{
	CLEANUP(fd_close) int input = fd;
	struct job *job = job_new(service, definition, why);
	enum err err;

	if (job == NULL)
		return why->code;
	job->file = arena_str(&job->arena, file);
	job->is_built_after = is_built_after;
	job->state = JOB_WAITING;
	err = job_take_input(service, job, &input, why);
	if (err != OK) {
		job_free(service, job);
		return err;
	}
	*out = job;
	return OK;
}

/* An error as the answer to whoever waits; then the job is over. */
void job_fail(struct service *service, struct job *job, const struct why *why)
{
	CLEANUP(buf_done) struct buf answer = { 0 };
	struct import_reading nothing = { 0 };

	log_event(LOG_WARNING, "import_failed", LOG_S("source", job->definition.name),
		LOG_C("error", err_word(why->code)), LOG_C("why", why->text));
	if (job->import != NULL)
		import_abort(&job->import, &nothing, str_c(why->text));
	command_answer_error(&answer, why);
	service_reply(service, job->asker, job->asker_id, buf_view(&answer));
	service_event(service, "import_failed", STR(""));
	job_free(service, job);
}

static void job_unchanged(struct service *service, struct job *job)
{
	CLEANUP(buf_done) struct buf answer = { 0 };
	struct json_writer json = json_writer_on(&answer);

	held_overtaken(service, job->definition.name, STR(""));
	json_object_begin(&json);
	json_field_bool(&json, "ok", true);
	json_key(&json, "result");
	json_object_begin(&json);
	json_field_str(&json, "state", STR("unchanged"));
	json_field_str(&json, "source", job->definition.name);
	json_field_u64(&json, "accepted", 0);
	json_field_u64(&json, "refused", 0);
	json_object_end(&json);
	json_object_end(&json);
	service_reply(service, job->asker, job->asker_id, buf_view(&answer));
	job_free(service, job);
}

enum err job_begin_run(
	struct service *service, struct job *job, bool *is_unchanged, struct why *why)
{
	CLEANUP(buf_done) struct buf resume = { 0 };
	struct keeper *keeper = &service->keeper;
	struct import_request request = {
		.source = job->definition.name,
		.kind = job->definition.kind == FEED_FULL_LIST ? IMPORT_FULL_LIST
							       : IMPORT_ADDITIONS,
		.now_s = clock_now_s(keeper->clock),
	};

	job_resume_text(job, &resume);
	request.resume = buf_view(&resume);
	TRY(declare_source(keeper, &job->definition, job->may_vouch, why));
	TRY(job_content_hash(keeper, job, request.content_hash, why));
	TRY(keeper_sources_reload(keeper, job->definition.name, why));
	return import_begin(keeper->db, &request, &job->import, is_unchanged, why);
}

/* The number of a parse role that is there and has nothing to do, or -1. */
static int parser_idle(struct service *service)
{
	for (unsigned i = 0; i < CHILD_PEERS_MAX; i++) {
		bool is_busy = false;

		if (child_peer(service->child, PROCESS_PARSE, i) == NULL)
			continue;
		for (size_t j = 0; j < service->job_count; j++)
			is_busy |= service->jobs[j]->state >= JOB_SURVEYING &&
				   service->jobs[j]->parser == i;
		if (!is_busy)
			return (int)i;
	}
	return -1;
}

void job_read(struct service *service, struct job *job)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);
	struct channel *channel = child_peer(service->child, PROCESS_PARSE, job->parser);
	struct why why;

	json_object_begin(&json);
	json_key(&json, "definition");
	feed_definition_write(&json, &job->definition);
	json_field_str(&json, "file", job->file);
	json_object_end(&json);
	/* the descriptor shares its offset with the one that was hashed */
	if (lseek(job->input, 0, SEEK_SET) == -1)
		(void)fail_sys(&why, "cannot rewind the input");
	else if (channel == NULL)
		(void)fail(&why, ERR_BUSY, "the parser is away at the moment; try again");
	else if (channel_send(channel,
			 &(struct message){ MESSAGE_PARSE, job->id, buf_view(&text), job->input },
			 &why) == OK)
		return;
	job_fail(service, job, &why);
}

static void job_parse(struct service *service, struct job *job, unsigned parser)
{
	bool is_unchanged = false;
	bool is_surveyed = false;
	struct why why;

	/* what a person approved was begun then */
	if ((job->import == NULL && job_begin_run(service, job, &is_unchanged, &why) != OK) ||
		(!is_unchanged && job_survey_begin(service, job, &is_surveyed, &why) != OK)) {
		job_fail(service, job, &why);
		return;
	}
	if (is_unchanged) {
		job_unchanged(service, job);
		return;
	}
	job->parser = parser;
	job->state = is_surveyed ? JOB_SURVEYING : JOB_PARSING;
	job->guarded = (struct guarded){ 0 };
	job_read(service, job);
}

void jobs_advance(struct service *service)
{
	/* backwards: a job that ends at once leaves its place to the last one */
	for (size_t i = service->job_count; i-- > 0;) {
		struct job *job = service->jobs[i];
		int parser;

		if (job->state != JOB_WAITING)
			continue;
		parser = parser_idle(service);
		if (parser == -1)
			return;
		job_parse(service, job, (unsigned)parser);
	}
}

void jobs_asker_lost(struct service *service, const struct channel *asker)
{
	for (size_t i = 0; i < service->job_count; i++) {
		if (service->jobs[i]->asker == asker)
			service->jobs[i]->asker = NULL;
	}
}

void jobs_drop(struct service *service)
{
	/* their runs stay "running" in the store and their spool files on disk: to be resumed */
	while (service->job_count > 0) {
		struct job *job = service->jobs[0];

		job->spool = STR("");
		import_leave(&job->import);
		job_free(service, job);
	}
}

void job_done_build(struct service *service, const struct job *job)
{
	if (job->is_built_after)
		service_want_build(service, BUILD_AFTER_IMPORT_MS);
}
