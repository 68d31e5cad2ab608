/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keeper/refit.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "decision/pending.h"
#include "evidence/query.h"
#include "feed/routes.h"
#include "keeper/impact.h"
#include "keeper/scoring_change.h"
#include "learn/learn.h"
#include "learn/model_store.h"

#include <unistd.h>

#define MODEL_FILE KEEPER_SPOOL_FOLDER "/model.json"
#define REFIT_BY   "keeper"
enum { MODEL_BYTES_MAX = 256 << 20, MODEL_FILE_MODE = 0600 };

/* ---- in the process of its own ---- */

struct history {
	struct learn *learn;
	uint64_t known; /* claims */
};

static enum err change_add(void *state, const struct evidence_change *row, struct why *why)
{
	struct history *history = state;
	struct evidence then = row->then;

	(void)why;
	history->known += row->was_known;
	learn_add(history->learn,
		&(struct learn_claim){ .key = then.key,
			.source = then.source,
			.role = then.role,
			.category = then.category,
			.confidence = then.confidence,
			.episodes =
				(uint16_t)(then.episodes < UINT16_MAX ? then.episodes : UINT16_MAX),
			.was_known = row->was_known,
			.was_listed = row->was_known && then.ended_s == 0,
			.is_news = row->is_news,
			.recent = then.recent,
			.lasting = then.lasting,
			.decayed_at_s = then.decayed_at_s,
			.last_seen_s = then.last_seen_s,
			.began_s = then.started_s });
	return OK;
}

static enum err absence_add(
	void *state, uint8_t role, double age_days, bool has_returned, struct why *why)
{
	struct history *history = state;

	(void)why;
	learn_add_absence(history->learn, role, age_days, has_returned);
	return OK;
}

static enum err route_add(void *state, const struct evidence *row, struct why *why)
{
	struct history *history = state;
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct indicator indicator;
	uint32_t asn;

	if (row->ended_s != 0)
		return OK;
	TRY(indicator_from_key(row->key, &arena, &indicator, why));
	(void)!route_asn(row->reference, &asn);
	if (indicator.kind == INDICATOR_IP)
		learn_add_route(history->learn, &(struct learn_route){ indicator.prefix, asn });
	return OK;
}

struct tables {
	uint32_t *ids;
	size_t n;
	size_t capacity;
};

static enum err table_note(void *state, const struct source_status *row, struct why *why)
{
	struct tables *tables = state;

	(void)why;
	if (row->properties.purpose != PURPOSE_ROUTES)
		return OK;
	if (tables->n == tables->capacity) {
		tables->capacity = tables->capacity * 2 + 8;
		tables->ids = realloc(tables->ids, tables->capacity * sizeof *tables->ids);
		must(tables->ids != NULL);
	}
	tables->ids[tables->n++] = row->id;
	return OK;
}

/* Listed first: a statement within another's rows is not every store's. */
static enum err routes_add(struct db *db, struct history *history, struct why *why)
{
	struct tables tables = { 0 };
	enum err err = source_list(db, STR(""), false, table_note, &tables, why);

	for (size_t i = 0; err == OK && i < tables.n; i++)
		err = evidence_of_source(db, tables.ids[i], 0, route_add, history, why);
	free(tables.ids);
	return err;
}

static enum err history_read(
	struct db *db, struct history *history, int64_t at_s, int64_t now_s, struct why *why)
{
	TRY(evidence_changes(db, at_s, change_add, history, why));
	if (history->known == 0)
		return fail(why, ERR_USAGE, "there is no evidence older than %d days to learn from",
			REFIT_HORIZON_DAYS);
	TRY(evidence_absences(db, 0, now_s, absence_add, history, why));
	return routes_add(db, history, why);
}

static enum err model_keep(const struct keeper *keeper, const struct model *model, struct why *why)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	CLEANUP(buf_done) struct buf path = { 0 };
	struct json_writer json = json_writer_on(&text);

	model_write(&json, model);
	if (text.n > MODEL_BYTES_MAX)
		return fail(why, ERR_LIMIT, "the model has more than %d bytes", MODEL_BYTES_MAX);
	return file_replace(keeper_path(&path, keeper->data, MODEL_FILE), buf_view(&text),
		MODEL_FILE_MODE, why);
}

/* The model goes into a file of the spool, what is told of it on the pipe. */
static enum err refit_work(const struct keeper *keeper, const struct task *task, struct db *db,
	int64_t now_s, struct buf *result, struct why *why)
{
	int64_t at_s = now_s - (int64_t)REFIT_HORIZON_DAYS * DAY_S;
	struct json_writer json = json_writer_on(result);
	CLEANUP(scoring_done) struct scoring scoring = { 0 };

	TRY(scoring_load(db, now_s, 0, &scoring, why));

	CLEANUP(learn_free)
	struct learn *learn = learn_new(
		&scoring.model, scoring.sources.rows, scoring.sources.n, scoring.rules, at_s);
	CLEANUP(model_done) struct model model = { 0 };
	struct history history = { .learn = learn };

	TRY(history_read(db, &history, at_s, now_s, why));
	learn_finish(learn, (struct learn_what){ .decay = task->flag }, &model, &json);
	return model_keep(keeper, &model, why);
}

static enum err trial_work(const struct keeper *keeper, const struct task *task, struct db *db,
	int64_t now_s, struct buf *result, struct why *why)
{
	(void)keeper;
	return impact_find(
		db, &(struct impact_question){ .model_version = task->number }, now_s, result, why);
}

/* ---- in keeper ---- */

static enum err model_wait(struct service *service, int64_t version, uint64_t moved,
	uint64_t blocks, struct str impact, struct why *why)
{
	struct db *db = service->keeper.db;
	CLEANUP(buf_done) struct buf subject = { 0 };
	CLEANUP(buf_done) struct buf summary = { 0 };
	int64_t id;
	bool is_new;

	buf_fmt(&subject, "%lld", (long long)version);
	buf_fmt(&summary,
		"model %lld would change %llu entries to or from block, of %llu blocks now",
		(long long)version, (unsigned long long)moved, (unsigned long long)blocks);
	TRY(db_begin(db, why));
	CLEANUP(db_rollback_unless_done) struct db *open = db;
	TRY(pending_raise(db, PENDING_MODEL, buf_view(&subject), buf_view(&summary), impact,
		clock_now_s(service->keeper.clock), &id, &is_new, why));
	TRY(db_commit(open, why));
	service_event(service, "pending", STR(""));
	return OK;
}

/* Live, or waiting for a person. */
static enum err model_settle(struct service *service, int64_t version, struct str impact,
	struct buf *answer, struct why *why)
{
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	struct json_writer json = json_writer_on(answer);
	struct json_node root;
	uint64_t moved;
	uint64_t blocks;
	uint64_t most;

	TRY(json_parse(reader, impact, &root, why));
	TRY(impact_moves(root, &moved, &blocks, why));
	most = blocks * MODEL_MOVES_PERCENT / 100;
	most = most > MODEL_MOVES_LEAST ? most : MODEL_MOVES_LEAST;
	if (moved <= most)
		TRY(model_made_live(
			service, version, STR(REFIT_BY), STR("refit; it moves little"), why));
	else
		TRY(model_wait(service, version, moved, blocks, impact, why));
	json_object_begin(&json);
	json_field_i64(&json, "version", version);
	json_field_str(&json, "state", moved <= most ? STR("live") : STR("waiting"));
	json_key(&json, "impact");
	json_put_raw(&json, impact);
	json_object_end(&json);
	log_event(LOG_INFO, "model_refit", LOG_I("version", version), LOG_U("moved", moved),
		LOG_U("is_live", moved <= most));
	return OK;
}

static void trial_over(
	struct service *service, struct task *task, const struct str *result, const struct why *why)
{
	CLEANUP(buf_done) struct buf answer = { 0 };
	struct why own;
	struct str text;

	if (result == NULL) {
		task_answer(service, task, NULL, why);
	} else if (model_settle(service, task->number, *result, &answer, &own) != OK) {
		log_why(LOG_ERROR, "refit_failed", &own);
		task_answer(service, task, NULL, &own);
	} else {
		text = buf_view(&answer);
		task_answer(service, task, &text, NULL);
	}
	task_free(task);
}

/* Reads what was learned and keeps it as the next version. */
static enum err model_take(
	struct service *service, struct str report, int64_t *version, struct why *why)
{
	struct keeper *keeper = &service->keeper;
	CLEANUP(buf_done) struct buf text = { 0 };
	CLEANUP(buf_done) struct buf path = { 0 };
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	CLEANUP(model_done) struct model model = { 0 };
	struct json_node root;

	TRY(file_read(keeper_path(&path, keeper->data, MODEL_FILE), MODEL_BYTES_MAX, &text, why));
	(void)unlink(buf_c(&path));
	TRY(json_parse(reader, buf_view(&text), &root, why));
	TRY(model_read(root, &model, why));
	TRY(db_begin(keeper->db, why));
	CLEANUP(db_rollback_unless_done) struct db *open = keeper->db;
	TRY(model_add(keeper->db, &model, report, clock_now_s(keeper->clock), why));
	*version = model.score.version;
	return db_commit(open, why);
}

static void refit_over(
	struct service *service, struct task *task, const struct str *result, const struct why *why)
{
	struct task *trial;
	int64_t version;
	struct why own;

	if (result == NULL) {
		task_answer(service, task, NULL, why);
	} else if (model_take(service, *result, &version, &own) != OK) {
		log_why(LOG_ERROR, "refit_failed", &own);
		task_answer(service, task, NULL, &own);
	} else {
		trial = task_new("model.refit, trial", trial_work, trial_over);
		trial->asker = task->asker;
		trial->asker_id = task->asker_id;
		trial->number = version;
		task_add_next(service, trial);
	}
	task_free(task);
}

struct task *refit_task(bool with_decay)
{
	struct task *task = task_new("model.refit", refit_work, refit_over);

	task->flag = with_decay;
	return task;
}

/* When the store's first source was made; 0: there is none. */
static enum err history_began(struct db *db, int64_t *out, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *select = NULL;
	bool row;

	TRY(db_prepare(db, "SELECT coalesce(min(created), 0) FROM source", &select, why));
	TRY(db_step(select, &row, why));
	*out = row ? db_column_i64(select, 0) : 0;
	return OK;
}

static enum err refit_if_due(struct service *service, int64_t now_s, struct why *why)
{
	struct db *db = service->keeper.db;
	int64_t version;
	int64_t made_s;
	int64_t began_s;
	bool is_due;

	TRY(model_newest(db, &version, &made_s, why));
	TRY(history_began(db, &began_s, why));
	is_due = version != 0 ? now_s - made_s >= (int64_t)REFIT_EVERY_DAYS * DAY_S
			      : began_s != 0 && now_s - began_s >=
							(REFIT_HORIZON_DAYS + 1) * (int64_t)DAY_S;
	if (!is_due)
		return OK;
	/* also when there is nothing to learn: once in a while is enough to find out */
	service->refit_due_s = now_s + (int64_t)REFIT_EVERY_DAYS * DAY_S;
	return task_add(service, refit_task((version + 1) % REFIT_DECAY_EVERY == 0), why);
}

void refit_turn(struct service *service)
{
	int64_t now_s = clock_now_s(service->keeper.clock);
	struct why why;

	if (now_s < service->refit_due_s)
		return;
	service->refit_due_s = now_s + HOUR_S;
	if (refit_if_due(service, now_s, &why) != OK)
		log_why(LOG_ERROR, "refit_failed", &why);
}
