/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keeper/touched.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/json_copy.h"
#include "base/map.h"
#include "decision/pending.h"
#include "score/action.h"
#include "snapshot/open.h"

#define TOUCHED_PATH SNAPSHOT_FOLDER "/" TOUCHED_FILE
enum {
	TOUCHED_BYTES_MAX = 16 << 20,
	TOUCHED_FILE_MODE = 0640,
	/* open items that are looked at: what left the set is closed, so they are hardly more */
	OPEN_MAX = 4 * COMPILE_TOUCHED_MAX
};

enum err touched_write(const struct compile *compile, const char *data, struct why *why)
{
	CLEANUP(buf_done) struct buf now = { 0 };
	CLEANUP(buf_done) struct buf before = { 0 };
	CLEANUP(buf_done) struct buf path = { 0 };
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&now);
	struct compile_summary summary;
	struct why ignored;

	compile_summary(compile, &summary);
	json_array_begin(&json);
	for (size_t i = 0; i < summary.touched_count; i++) {
		const struct compile_touched *touched = &summary.touched[i];

		buf_clear(&text);
		indicator_format(&text, &touched->indicator);
		json_object_begin(&json);
		json_field_str(&json, "indicator", buf_view(&text));
		json_field_str(&json, "list", touched->list);
		json_field_u64(&json, "score", touched->score);
		json_field_str(&json, "would_be", action_name(touched->would_be));
		json_object_end(&json);
	}
	json_array_end(&json);
	(void)keeper_path(&path, data, TOUCHED_PATH);
	if (file_read(buf_c(&path), TOUCHED_BYTES_MAX, &before, &ignored) == OK &&
		str_eq(buf_view(&before), buf_view(&now)))
		return OK;
	return file_replace(buf_c(&path), buf_view(&now), TOUCHED_FILE_MODE, why);
}

struct settling {
	struct db *db;
	int64_t now_s;
	struct arena arena;
	struct map touched; /* subjects */
	struct str *open;   /* subjects of open items */
	size_t open_count;
	uint64_t changes;
};

static void settling_done(struct settling *settling)
{
	map_done(&settling->touched);
	free(settling->open);
	arena_done(&settling->arena);
}

static enum err detail_of(struct json_node row, struct buf *out, struct why *why)
{
	struct json_writer json = json_writer_on(out);

	return json_copy(&json, row, why);
}

static enum err raise(struct settling *settling, struct json_node row, struct str subject,
	struct str list, int64_t score, struct why *why)
{
	CLEANUP(buf_done) struct buf summary = { 0 };
	CLEANUP(buf_done) struct buf detail = { 0 };
	struct pending last;
	int64_t id;
	bool is_new;

	TRY(detail_of(row, &detail, why));
	TRY(pending_last(settling->db, PENDING_GUARD, subject, &settling->arena, &last, why));
	if (last.id != 0 && last.closed_s == 0 && str_eq(last.detail, buf_view(&detail)))
		return OK;
	if (last.closed_s != 0 && str_eq(last.outcome, STR("dismissed")) &&
		settling->now_s - last.closed_s < (int64_t)TOUCHED_QUIET_DAYS * DAY_S)
		return OK;
	buf_fmt(&summary, "%.*s scores %lld, but the list %.*s asks before it is listed",
		STR_FMT(subject), (long long)score, STR_FMT(str_first(list, 200)));
	settling->changes++;
	return pending_raise(settling->db, PENDING_GUARD, subject, buf_view(&summary),
		buf_view(&detail), settling->now_s, &id, &is_new, why);
}

static enum err raise_all(struct settling *settling, struct json_node rows, struct why *why)
{
	struct json_iterator it = json_each(rows);
	struct json_node row;

	while (json_next(&it, &row)) {
		struct str subject;
		struct str list;
		int64_t score;

		if (!json_str(json_get(row, "indicator"), &subject) ||
			!json_str(json_get(row, "list"), &list) ||
			!json_i64(json_get(row, "score"), &score))
			return fail(why, ERR_CORRUPT, "'%s' is not of its form", TOUCHED_FILE);
		/* a URL may be longer than the queue takes: it stays watched */
		if (subject.n > PENDING_SUBJECT_MAX)
			continue;
		(void)map_add(&settling->touched, subject, NULL);
		TRY(raise(settling, row, subject, list, score, why));
	}
	return OK;
}

static enum err note_open(void *state, const struct pending *row, struct why *why)
{
	struct settling *settling = state;

	(void)why;
	if (map_get(&settling->touched, row->subject) == NULL)
		settling->open[settling->open_count++] = arena_str(&settling->arena, row->subject);
	return OK;
}

static enum err close_rest(struct settling *settling, struct why *why)
{
	settling->open = calloc(OPEN_MAX, sizeof *settling->open);
	must(settling->open != NULL);
	TRY(pending_list(settling->db, true, PENDING_GUARD, 0, OPEN_MAX, note_open, settling, why));
	for (size_t i = 0; i < settling->open_count; i++)
		TRY(pending_overtaken(
			settling->db, PENDING_GUARD, settling->open[i], settling->now_s, why));
	settling->changes += settling->open_count;
	return OK;
}

static enum err settle(
	struct service *service, struct str text, struct settling *settling, struct why *why)
{
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	struct json_node rows;

	TRY(json_parse(reader, text, &rows, why));
	TRY(db_begin(service->keeper.db, why));
	CLEANUP(db_rollback_unless_done) struct db *open = service->keeper.db;
	TRY(raise_all(settling, rows, why));
	TRY(close_rest(settling, why));
	return db_commit(open, why);
}

enum err touched_settle(struct service *service, struct why *why)
{
	struct keeper *keeper = &service->keeper;
	CLEANUP(buf_done) struct buf text = { 0 };
	CLEANUP(buf_done) struct buf path = { 0 };
	CLEANUP(settling_done)
	struct settling settling = { .db = keeper->db, .now_s = clock_now_s(keeper->clock) };

	TRY(file_read(
		keeper_path(&path, keeper->data, TOUCHED_PATH), TOUCHED_BYTES_MAX, &text, why));
	if (str_eq(buf_view(&text), buf_view(&service->touched)))
		return OK;
	TRY(settle(service, buf_view(&text), &settling, why));
	buf_clear(&service->touched);
	buf_str(&service->touched, buf_view(&text));
	if (settling.changes > 0)
		service_event(service, "pending", STR(""));
	return OK;
}
