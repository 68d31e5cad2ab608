/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keeper/held.h"

#include "base/io.h"
#include "base/log.h"
#include "feed/definition_json.h"
#include "keeper/job_int.h"
#include "keeper/service.h"
#include "keeper/waiting.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define HELD_PREFIX "held-"

/* ---- files ---- */

/* In a source's name there is no dot, so what stands before it is the whole name. */
static void held_name(struct buf *out, struct str source, int64_t run)
{
	buf_fmt(out, HELD_PREFIX "%.*s.%lld", STR_FMT(source), (long long)run);
}

static const char *spool_path(struct buf *out, const struct keeper *keeper, struct str name)
{
	buf_clear(out);
	buf_fmt(out, "%s/" KEEPER_SPOOL_FOLDER "/%.*s", keeper->data, STR_FMT(name));
	return buf_c(out);
}

static enum err spool_sync(const struct keeper *keeper, struct why *why)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	CLEANUP(fd_close)
	int folder = open(keeper_path(&path, keeper->data, KEEPER_SPOOL_FOLDER),
		O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder == -1 || fsync(folder) == -1)
		return fail_sys(why, "cannot sync %s", buf_c(&path));
	return OK;
}

/* A second name for the spool file, which outlives the job. */
static enum err file_keep(
	const struct keeper *keeper, struct job *job, struct str name, struct why *why)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	CLEANUP(buf_done) struct buf spool = { 0 };

	buf_str(&spool, job->spool);
	if (fdatasync(job->input) == -1)
		return fail_sys(why, "cannot sync the held list");
	if (link(buf_c(&spool), spool_path(&path, keeper, name)) == -1 && errno != EEXIST)
		return fail_sys(why, "cannot keep the held list");
	return spool_sync(keeper, why);
}

/* The source's held files go, but for the one of this name. */
static void files_remove(const struct keeper *keeper, struct str source, struct str but)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	CLEANUP(buf_done) struct buf prefix = { 0 };
	DIR *entries = opendir(keeper_path(&path, keeper->data, KEEPER_SPOOL_FOLDER));
	const struct dirent *entry;

	if (entries == NULL)
		return;
	buf_fmt(&prefix, HELD_PREFIX "%.*s.", STR_FMT(source));
	while ((entry = readdir(entries)) != NULL) {
		struct str name = str_c(entry->d_name);

		if (str_starts(name, buf_view(&prefix)) && !str_eq(name, but))
			(void)unlink(spool_path(&path, keeper, name));
	}
	(void)closedir(entries);
}

void held_forget(struct service *service, struct str source)
{
	files_remove(&service->keeper, source, STR(""));
}

/* ---- holding ---- */

static void guards_write(struct json_writer *json, const struct guarded *guarded)
{
	json_key(json, "guards");
	json_object_begin(json);
	json_field_u64(json, "rows", guarded->rows);
	json_field_u64(json, "never", guarded->never);
	json_field_u64(json, "ask", guarded->ask);
	json_key(json, "lists");
	json_array_begin(json);
	for (size_t i = 0; i < guarded->list_count; i++) {
		const struct guarded_list *list = &guarded->lists[i];

		json_object_begin(json);
		json_field_str(json, "list", str_c(list->name));
		json_field_str(json, "guard", guard_policy_name(list->policy));
		json_field_u64(json, "count", list->count);
		json_field_str(json, "example", str_c(list->sample));
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

/* What a person wants to see, and what held_approve() needs. */
static void detail_write(struct buf *out, const struct job *job,
	const struct import_reading *reading, enum survey_finding finding, struct str name)
{
	struct json_writer json = json_writer_on(out);

	json_object_begin(&json);
	json_field_str(&json, "finding", survey_finding_name(finding));
	json_field_u64(&json, "accepted", reading->accepted);
	json_field_u64(&json, "refused", reading->refused);
	json_field_u64(&json, "last_accepted", job->survey.last.accepted);
	json_field_i64(&json, "last_run", job->survey.last.run);
	json_field_i64(&json, "run", import_run(job->import));
	guards_write(&json, &job->survey.guarded);
	json_field_str(&json, "file", job->file);
	json_field_str(&json, "held", name);
	json_field_str(&json, "by", str_c(job->actor));
	json_field_bool(&json, "build", job->is_built_after);
	json_key(&json, "definition");
	feed_definition_write(&json, &job->definition);
	json_object_end(&json);
}

static enum err item_raise(struct service *service, const struct job *job, struct str detail,
	struct str words, int64_t *id, struct why *why)
{
	CLEANUP(buf_done) struct buf summary = { 0 };
	struct waiting_item item = { PENDING_FEED, job->definition.name, STR(""), detail };

	buf_fmt(&summary, "the list %.*s is held: %.*s; the last good one stays",
		STR_FMT(job->definition.name), STR_FMT(words));
	item.summary = buf_view(&summary);
	return waiting_raise(service, &item, id, why);
}

enum err held_keep(struct service *service, struct job *job, const struct import_reading *reading,
	enum survey_finding finding, struct str words, struct why *why)
{
	CLEANUP(buf_done) struct buf name = { 0 };
	CLEANUP(buf_done) struct buf detail = { 0 };
	CLEANUP(buf_done) struct buf answer = { 0 };
	struct why held;
	int64_t id;

	held_name(&name, job->definition.name, import_run(job->import));
	detail_write(&detail, job, reading, finding, buf_view(&name));
	TRY(file_keep(&service->keeper, job, buf_view(&name), why));
	/* in this order: a keeper that is killed in between finds the run under way, and holds
	 * again */
	TRY(item_raise(service, job, buf_view(&detail), words, &id, why));
	TRY(import_hold(&job->import, reading, words, why));
	files_remove(&service->keeper, job->definition.name, buf_view(&name));
	why_set(&held, ERR_HELD, 0,
		"held as item %lld (`pehra pending approve %lld` imports it), and the last good "
		"list "
		"stays: %.*s",
		(long long)id, (long long)id, STR_FMT(words));
	log_event(LOG_WARNING, "feed_held", LOG_S("source", job->definition.name),
		LOG_S("finding", survey_finding_name(finding)), LOG_S("why", words),
		LOG_I("pending", id));
	command_answer_error(&answer, &held);
	service_reply(service, job->asker, job->asker_id, buf_view(&answer));
	job_free(service, job);
	return OK;
}

/* ---- what becomes of it ---- */

static bool is_under_way(const struct service *service, struct str source)
{
	for (size_t i = 0; i < service->job_count; i++) {
		if (str_eq(service->jobs[i]->definition.name, source))
			return true;
	}
	return false;
}

/* The job as it was when it was held, with its file open. */
static enum err job_again(
	struct service *service, struct json_node detail, struct job **out, struct why *why)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(buf_done) struct buf path = { 0 };
	CLEANUP(fd_close) int input = -1;
	struct feed_definition definition;
	struct json_node node;
	struct str name;
	struct job *job;

	TRY(json_need(detail, "definition", JSON_OBJECT, &node, why));
	TRY(feed_definition_read(node, &arena, &definition, why));
	TRY(json_need(detail, "held", JSON_STRING, &node, why));
	must(json_str(node, &name));
	input = open(spool_path(&path, &service->keeper, name), O_RDWR | O_CLOEXEC);
	if (input == -1)
		return fail_sys(why, "cannot open the held list %s", buf_c(&path));
	job = job_new(service, &definition, why);
	if (job == NULL) {
		must(why->code != OK);
		return why->code;
	}
	job->input = input;
	input = -1;
	job->spool = arena_str(&job->arena, buf_view(&path));
	if (!json_str(json_get(detail, "file"), &name))
		name = STR("");
	job->file = arena_str(&job->arena, name);
	(void)!json_bool(json_get(detail, "build"), &job->is_built_after);
	job->state = JOB_WAITING;
	job->is_accepted = true;
	job->may_vouch = true;
	*out = job;
	return OK;
}

enum err held_approve(
	struct service *service, const struct pending *item, const char *actor, struct why *why)
{
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	bool is_unchanged = false;
	struct json_node detail;
	struct job *job;
	enum err err;

	if (is_under_way(service, item->subject))
		return fail(why, ERR_BUSY, "a list of %.*s is being read; try again",
			STR_FMT(item->subject));
	TRY(json_parse(reader, item->detail, &detail, why));
	TRY(job_again(service, detail, &job, why));
	(void)snprintf(job->actor, sizeof job->actor, "%s", actor);
	/* the run in the store is what a restart resumes */
	err = job_begin_run(service, job, &is_unchanged, why);
	if (err == OK && !is_unchanged)
		return OK;
	if (err != OK)
		job->spool = STR("");
	job_free(service, job);
	return err;
}

static enum err overtaken(struct service *service, struct str source, struct why *why)
{
	struct db *db = service->keeper.db;

	TRY(db_begin(db, why));
	CLEANUP(db_rollback_unless_done) struct db *open = db;
	TRY(pending_overtaken(db, PENDING_FEED, source, clock_now_s(service->keeper.clock), why));
	return db_commit(open, why);
}

void held_overtaken(struct service *service, struct str source, struct str keep)
{
	size_t slash = str_find_last(keep, '/');
	struct why why;

	if (overtaken(service, source, &why) != OK)
		log_why(LOG_ERROR, "pending_lost", &why);
	else
		files_remove(&service->keeper, source,
			slash == keep.n ? keep : str_from_index(keep, slash + 1));
}

static enum err note_file(void *state, const struct pending *row, struct why *why)
{
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	struct json_node detail;
	struct str name;

	TRY(json_parse(reader, row->detail, &detail, why));
	if (json_str(json_get(detail, "held"), &name))
		*map_add(state, name, NULL) = 1;
	return OK;
}

enum err held_files_read(struct service *service, struct map *out, struct why *why)
{
	return pending_list(
		service->keeper.db, true, PENDING_FEED, 0, SIZE_MAX, note_file, out, why);
}
