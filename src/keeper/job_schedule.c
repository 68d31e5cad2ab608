/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jobs that nobody asked for: feeds that are due, and what an earlier keeper left behind. */
#include "base/log.h"
#include "base/map.h"
#include "evidence/query.h"
#include "feed/definition_json.h"
#include "keeper/held.h"
#include "keeper/job_int.h"
#include "keeper/service.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

enum { ATTEMPTS_MAX = 2, BACKOFF_FIRST_S = 300, BACKOFF_DOUBLINGS_MAX = 6 };

void job_retry(struct service *service, struct job *job, const struct why *why)
{
	struct import_reading nothing = { 0 };

	job->attempts++;
	if (job->attempts >= ATTEMPTS_MAX || job->state == JOB_FETCHING) {
		job_fail(service, job, why);
		return;
	}
	log_event(LOG_WARNING, "import_again", LOG_S("source", job->definition.name),
		LOG_C("why", why->text));
	if (job->import != NULL)
		import_abort(&job->import, &nothing, str_c(why->text));
	job->state = JOB_WAITING;
}

struct fetch_state {
	struct job *job;
};

static enum err note_validators(void *state, const struct source_status *row, struct why *why)
{
	struct job *job = ((struct fetch_state *)state)->job;

	(void)why;
	job->etag = arena_str(&job->arena, row->etag);
	job->last_modified = arena_str(&job->arena, row->last_modified);
	return OK;
}

static enum err fetch_send(
	struct service *service, struct job *job, struct channel *fetch, struct why *why)
{
	const struct config *config = &service->keeper.config;
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);

	TRY(job_spool_new(service, job, why));
	TRY(source_list(service->keeper.db, job->definition.name, false, note_validators,
		&(struct fetch_state){ job }, why));
	json_object_begin(&json);
	json_key(&json, "definition");
	feed_definition_write(&json, &job->definition);
	json_field_str(&json, "etag", job->etag);
	json_field_str(&json, "last_modified", job->last_modified);
	json_field_i64(&json, "size_max", config->fetch.size_max_bytes);
	json_field_i64(&json, "timeout_s", config->fetch.timeout_s);
	json_object_end(&json);
	return channel_send(fetch,
		&(struct message){ MESSAGE_FETCH, job->id, buf_view(&text), job->input }, why);
}

enum err job_fetch(struct service *service, const struct feed_definition *definition,
	struct job **out, struct why *why)
{
	struct channel *fetch = child_peer(service->child, PROCESS_FETCH, 0);
	struct job *job;
	enum err err;

	if (definition->url.n == 0)
		return fail(why, ERR_UNSUPPORTED,
			"feed %.*s has no URL; `pehra feed import` reads files",
			STR_FMT(definition->name));
	if (fetch == NULL)
		return fail(why, ERR_BUSY, "the fetcher is away at the moment; try again");
	job = job_new(service, definition, why);
	if (job == NULL)
		return why->code;
	job->state = JOB_FETCHING;
	job->file = arena_str(&job->arena, definition->url);
	err = fetch_send(service, job, fetch, why);
	if (err != OK) {
		job_free(service, job);
		return err;
	}
	(void)snprintf(job->actor, sizeof job->actor, "schedule");
	*out = job;
	return OK;
}

/* When each source was last asked and how often that failed since. */
struct schedule {
	struct map last;     /* name -> time of the last attempt */
	struct map failures; /* name -> failures since the last success */
};

static enum err note_attempt(void *state, const struct source_status *row, struct why *why)
{
	struct schedule *schedule = state;

	(void)why;
	*map_add(&schedule->last, row->name, NULL) = (uint64_t)row->last_attempt_s;
	*map_add(&schedule->failures, row->name, NULL) = row->failures;
	return OK;
}

/* The catalogue's own word, and what the configuration adds, "name", or takes off, "!name", "!*".
 */
static bool is_enabled(const struct config *config, const struct feed_definition *definition)
{
	bool enabled = definition->is_enabled;

	for (size_t i = 0; i < config->feeds.enabled.n; i++) {
		struct str word = config->feeds.enabled.items[i];
		bool is_off = word.n > 0 && word.p[0] == '!';
		struct str name = str_from_index(word, is_off ? 1 : 0);

		if (str_eq(name, definition->name) || (is_off && str_eq(name, STR("*"))))
			enabled = !is_off;
	}
	return enabled;
}

/* A feed that fails is asked less often: 5 min, 10 min ... never more often than its cadence. */
static int64_t wait_of(const struct feed_definition *definition, uint64_t failures)
{
	int64_t backoff = BACKOFF_FIRST_S;

	if (failures == 0)
		return definition->cadence_s;
	for (uint64_t i = 1; i < failures && i < BACKOFF_DOUBLINGS_MAX; i++)
		backoff *= 2;
	return backoff < definition->cadence_s ? backoff : definition->cadence_s;
}

static bool is_under_way(const struct service *service, struct str name)
{
	for (size_t i = 0; i < service->job_count; i++) {
		if (str_eq(service->jobs[i]->definition.name, name))
			return true;
	}
	return false;
}

void jobs_due(struct service *service)
{
	struct keeper *keeper = &service->keeper;
	struct schedule schedule = { 0 };
	int64_t now_s = clock_now_s(keeper->clock);
	struct why why;

	if (child_peer(service->child, PROCESS_FETCH, 0) == NULL)
		return;
	if (source_list(keeper->db, STR(""), false, note_attempt, &schedule, &why) != OK)
		log_why(LOG_ERROR, "schedule_unread", &why);
	for (size_t i = 0; i < keeper->catalogue.n; i++) {
		const struct feed_definition *definition = &keeper->catalogue.feeds[i];
		const uint64_t *last = map_get(&schedule.last, definition->name);
		const uint64_t *failures = map_get(&schedule.failures, definition->name);
		struct job *job;

		if (definition->url.n == 0 || !is_enabled(&keeper->config, definition) ||
			is_under_way(service, definition->name))
			continue;
		/* a clock that jumped back makes a feed due, not silent for years */
		if (last != NULL && (int64_t)*last <= now_s &&
			now_s - (int64_t)*last <
				wait_of(definition, failures == NULL ? 0 : *failures))
			continue;
		if (job_fetch(service, definition, &job, &why) != OK) {
			log_why(LOG_WARNING, "feed_not_started", &why);
			break;
		}
	}
	map_done(&schedule.last);
	map_done(&schedule.failures);
}

/* Runs found under way; gathered first, because resuming one writes to the store. */
struct unfinished {
	struct arena arena;
	struct {
		int64_t run;
		struct str resume;
	} rows[JOBS_MAX];
	size_t n;
};

static enum err note_unfinished(void *state, int64_t run, struct str resume, struct why *why)
{
	struct unfinished *list = state;

	(void)why;
	if (list->n < JOBS_MAX) {
		list->rows[list->n].run = run;
		list->rows[list->n++].resume = arena_str(&list->arena, resume);
	}
	return OK;
}

/* The job as it was; false when its description or its spool file is gone. */
static bool resume_job(struct service *service, struct str resume)
{
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(buf_done) struct buf path = { 0 };
	struct feed_definition definition;
	struct json_node root;
	struct str file = STR("");
	struct str spool;
	struct job *job;
	struct why why;
	int fd;

	if (json_parse(reader, resume, &root, &why) != OK ||
		feed_definition_read(json_get(root, "definition"), &arena, &definition, &why) !=
			OK ||
		!json_str(json_get(root, "spool"), &spool))
		return false;
	buf_str(&path, spool);
	fd = open(buf_c(&path), O_RDWR | O_CLOEXEC);
	if (fd == -1)
		return false;
	job = job_new(service, &definition, &why);
	if (job == NULL) {
		(void)close(fd);
		return false;
	}
	job->input = fd;
	job->spool = arena_str(&job->arena, spool);
	job->state = JOB_WAITING;
	if (json_str(json_get(root, "file"), &file))
		job->file = arena_str(&job->arena, file);
	(void)!json_bool(json_get(root, "accepted"), &job->is_accepted);
	(void)!json_bool(json_get(root, "build"), &job->is_built_after);
	(void)snprintf(job->actor, sizeof job->actor, "resumed");
	return true;
}

/* Inputs of jobs that were never begun: whoever asked was told, or is gone. */
static enum err spool_clean(struct service *service, struct why *why)
{
	CLEANUP(map_done) struct map held = { 0 };
	CLEANUP(buf_done) struct buf folder = { 0 };
	CLEANUP(buf_done) struct buf path = { 0 };
	DIR *entries = opendir(keeper_path(&folder, service->keeper.data, KEEPER_SPOOL_FOLDER));
	const struct dirent *entry;
	enum err err = held_files_read(service, &held, why);

	while (err == OK && entries != NULL && (entry = readdir(entries)) != NULL) {
		bool is_needed =
			entry->d_name[0] == '.' || map_get(&held, str_c(entry->d_name)) != NULL;

		buf_clear(&path);
		buf_fmt(&path, "%s/%s", buf_c(&folder), entry->d_name);
		for (size_t i = 0; i < service->job_count; i++)
			is_needed |= str_eq(service->jobs[i]->spool, buf_view(&path));
		if (!is_needed)
			(void)unlink(buf_c(&path));
	}
	if (entries != NULL)
		(void)closedir(entries);
	return err;
}

enum err jobs_resume(struct service *service, struct why *why)
{
	struct unfinished *list = calloc(1, sizeof *list);
	enum err err;

	must(list != NULL);
	err = import_unfinished(service->keeper.db, note_unfinished, list, why);
	for (size_t i = 0; err == OK && i < list->n; i++) {
		bool is_resumed = resume_job(service, list->rows[i].resume);

		log_event(is_resumed ? LOG_INFO : LOG_WARNING,
			is_resumed ? "import_resumed" : "import_interrupted",
			LOG_I("run", list->rows[i].run));
		err = import_interrupted(service->keeper.db, list->rows[i].run,
			clock_now_s(service->keeper.clock), why);
	}
	arena_done(&list->arena);
	free(list);
	return err == OK ? spool_clean(service, why) : err;
}
