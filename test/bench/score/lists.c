/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench/score/lists.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/map.h"
#include "base/sort.h"
#include "feed/read.h"
#include "score/score.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>

enum { DATE_LENGTH = 10, FILES_MAX = HISTORY_SOURCES_MAX * HISTORY_DAYS_MAX };

/* One list of one day. */
struct dated {
	struct str source;
	int64_t day; /* since 1970 */
	const char *path;
};

struct gathering {
	const char *folder;
	struct arena arena;
	struct dated *files;
	size_t file_count;
	size_t capacity;
	struct map numbers; /* of prefixes, plus 1 */
	struct prefix *prefixes;
	size_t prefix_count;
	size_t prefix_capacity;
	struct history *history;
	struct lists_read *read;
};

static bool date_parse(struct str text, int64_t *out_day)
{
	int64_t time_s;

	if (text.n < DATE_LENGTH || !time_parse(str_first(text, DATE_LENGTH), &time_s))
		return false;
	*out_day = time_s / DAY_S;
	return text.n == DATE_LENGTH || text.p[DATE_LENGTH] == '.';
}

static void file_add(struct gathering *gathering, struct str source, int64_t day, const char *path)
{
	if (gathering->file_count == gathering->capacity) {
		gathering->capacity = gathering->capacity * 2 + 256;
		gathering->files =
			realloc(gathering->files, gathering->capacity * sizeof *gathering->files);
		must(gathering->files != NULL);
	}
	gathering->files[gathering->file_count++] =
		(struct dated){ arena_str(&gathering->arena, source), day, path };
}

typedef enum err (*entry_each)(
	struct gathering *gathering, const char *folder, struct str name, struct why *why);

/* Every entry but hidden ones; in no order. */
static enum err entries(
	struct gathering *gathering, const char *folder, entry_each each, struct why *why)
{
	DIR *list = opendir(folder);
	const struct dirent *entry;
	enum err err = OK;

	if (list == NULL)
		return fail_sys(why, "cannot open the folder %s", folder);
	while (err == OK && (entry = readdir(list)) != NULL) {
		if (entry->d_name[0] != '.')
			err = each(gathering, folder, str_c(entry->d_name), why);
	}
	closedir(list);
	return err;
}

static const char *path_of(struct gathering *gathering, const char *folder, struct str name)
{
	return arena_fmt(&gathering->arena, "%s/%.*s", folder, STR_FMT(name)).p;
}

static struct str last_part(const char *path)
{
	struct str text = str_c(path);

	return str_from_index(text, str_find_last(text, '/') + 1);
}

/* Within a folder of a date the file's name is the source, within a source's the date. */
static enum err inner_entry(
	struct gathering *gathering, const char *folder, struct str name, struct why *why)
{
	struct str outer = last_part(folder);
	struct str stem = str_first(name, str_find(name, '.'));
	int64_t day;

	if (gathering->file_count == FILES_MAX)
		return fail(why, ERR_LIMIT, "more than %d lists", FILES_MAX);
	if (date_parse(outer, &day) && outer.n == DATE_LENGTH)
		file_add(gathering, stem, day, path_of(gathering, folder, name));
	else if (date_parse(name, &day))
		file_add(gathering, outer, day, path_of(gathering, folder, name));
	return OK;
}

static enum err outer_entry(
	struct gathering *gathering, const char *folder, struct str name, struct why *why)
{
	const char *path = path_of(gathering, folder, name);
	DIR *inner = opendir(path);

	/* files beside the folders are none of ours */
	if (inner == NULL && errno == ENOTDIR)
		return OK;
	if (inner == NULL)
		return fail_sys(why, "cannot open the folder %s", path);
	closedir(inner);
	return entries(gathering, path, inner_entry, why);
}

static int dated_order(const void *left, const void *right)
{
	const struct dated *a = left;
	const struct dated *b = right;
	int order = str_cmp(a->source, b->source);

	return order != 0 ? order : (a->day > b->day) - (a->day < b->day);
}

/* ---- one list ---- */

struct list {
	struct gathering *gathering;
	uint32_t *numbers; /* of prefixes, sorted */
	size_t n;
	size_t capacity;
	struct arena arena;
};

static void list_done(struct list *list)
{
	free(list->numbers);
	arena_done(&list->arena);
	*list = (struct list){ 0 };
}

static uint32_t number_of(struct gathering *gathering, const struct prefix *prefix)
{
	struct str key = { (const char *)prefix, sizeof *prefix };
	bool is_new;
	uint64_t *number = map_add(&gathering->numbers, key, &is_new);

	_Static_assert(sizeof(struct prefix) == 17, "no padding: its bytes are its key");
	if (!is_new)
		return (uint32_t)*number;
	if (gathering->prefix_count == gathering->prefix_capacity) {
		gathering->prefix_capacity = gathering->prefix_capacity * 2 + 1024;
		gathering->prefixes = realloc(gathering->prefixes,
			gathering->prefix_capacity * sizeof *gathering->prefixes);
		must(gathering->prefixes != NULL);
	}
	*number = gathering->prefix_count;
	gathering->prefixes[gathering->prefix_count++] = *prefix;
	return (uint32_t)*number;
}

static enum err list_batch(void *state, struct claim_batch *batch, struct why *why)
{
	struct list *list = state;

	for (size_t i = 0; i < batch->n; i++) {
		struct claim claim;

		TRY(claim_from_row(batch, &batch->rows[i], &list->arena, &claim, why));
		if (claim.indicator.kind != INDICATOR_IP)
			continue;
		if (list->n == list->capacity) {
			list->capacity = list->capacity * 2 + 1024;
			list->numbers =
				realloc(list->numbers, list->capacity * sizeof *list->numbers);
			must(list->numbers != NULL);
		}
		list->numbers[list->n++] = number_of(list->gathering, &claim.indicator.prefix);
	}
	arena_reset(&list->arena);
	return OK;
}

static int number_order(const void *left, const void *right)
{
	const uint32_t *a = left;
	const uint32_t *b = right;

	return (*a > *b) - (*a < *b);
}

static enum err list_read(const struct dated *dated, struct list *out, struct why *why)
{
	struct feed_definition definition = feed_definition_default(STR("list"));
	struct feed_sink sink = { out, list_batch, NULL };
	struct feed_report report;
	size_t kept = 0;

	definition.format = STR("plain");
	definition.rules.holds = FEED_HOLDS_IP;
	definition.rules.ip.zero_padded = ZERO_PADDED_DECIMAL;
	definition.rules.ip.host_bits = HOST_BITS_MASK;
	TRY(feed_read_path(&definition, dated->path, NULL, &sink, &report, why));
	out->gathering->read->files++;
	out->gathering->read->lines += report.lines;
	out->gathering->read->refused += feed_report_refused(&report);
	sort_runs(out->numbers, out->n, sizeof *out->numbers, number_order);
	for (size_t i = 0; i < out->n; i++) {
		if (kept == 0 || out->numbers[kept - 1] != out->numbers[i])
			out->numbers[kept++] = out->numbers[i];
	}
	out->n = kept;
	return OK;
}

/* What the newer list has and the older has not, and the other way round. */
static void compare(struct history *history, const struct list *older, const struct list *newer,
	uint16_t source, uint16_t day)
{
	size_t i = 0;
	size_t j = 0;

	while (i < older->n || j < newer->n) {
		struct history_event event = { .source = source, .day = day };

		if (j == newer->n || (i < older->n && older->numbers[i] < newer->numbers[j])) {
			event.what = HISTORY_ENDS;
			event.indicator = older->numbers[i++];
		} else if (i == older->n || newer->numbers[j] < older->numbers[i]) {
			event.what = HISTORY_BEGINS;
			event.indicator = newer->numbers[j++];
		} else {
			i++;
			j++;
			continue;
		}
		history_add(history, event);
	}
}

/* ---- all lists ---- */

static enum err sources_name(struct gathering *gathering, struct str label, struct why *why)
{
	struct history *history = gathering->history;
	bool has_label = false;

	history->sources =
		arena_array(&history->arena, HISTORY_SOURCES_MAX, sizeof *history->sources);
	for (size_t i = 0; i < gathering->file_count; i++) {
		struct str name = gathering->files[i].source;

		if (i > 0 && str_eq(name, gathering->files[i - 1].source))
			continue;
		if (history->source_count == HISTORY_SOURCES_MAX)
			return fail(why, ERR_LIMIT, "more than %d sources", HISTORY_SOURCES_MAX);
		if (str_eq(name, label)) {
			history->label = (uint16_t)history->source_count;
			has_label = true;
		}
		history->sources[history->source_count++] = (struct history_source){
			.name = arena_str(&history->arena, name),
			.role = ROLE_SOURCE,
			.category = CATEGORY_IDS_ALERT,
			.standing = str_eq(name, label) ? STANDING_SENSOR : STANDING_VOUCHED,
		};
	}
	if (!has_label)
		return fail(why, ERR_NOT_FOUND, "no lists of %.*s", STR_FMT(label));
	return OK;
}

static enum err days_count(struct gathering *gathering, struct why *why)
{
	int64_t first = INT64_MAX;
	int64_t last = 0;

	for (size_t i = 0; i < gathering->file_count; i++) {
		int64_t day = gathering->files[i].day;

		first = day < first ? day : first;
		last = day > last ? day : last;
	}
	if (last - first >= HISTORY_DAYS_MAX)
		return fail(why, ERR_LIMIT, "more than %d days", HISTORY_DAYS_MAX);
	gathering->history->start_s = first * DAY_S;
	gathering->history->days = (uint32_t)(last - first + 1);
	return OK;
}

static enum err lists_compare(struct gathering *gathering, struct why *why)
{
	struct history *history = gathering->history;
	CLEANUP(list_done) struct list older = { .gathering = gathering };
	uint16_t source = 0;

	for (size_t i = 0; i < gathering->file_count; i++) {
		const struct dated *dated = &gathering->files[i];
		CLEANUP(list_done) struct list newer = { .gathering = gathering };

		if (i > 0 && !str_eq(dated->source, dated[-1].source)) {
			source++;
			older.n = 0;
		} else if (i > 0 && dated->day == dated[-1].day) {
			return fail(why, ERR_CONFLICT, "two lists of one day: %s", dated->path);
		}
		TRY(list_read(dated, &newer, why));
		compare(history, &older, &newer, source,
			(uint16_t)(dated->day - history->start_s / DAY_S));

		struct list kept = older;

		older = newer;
		newer = kept;
	}
	return OK;
}

struct renumbered {
	struct prefix prefix;
	uint32_t number;
};

static int renumbered_order(const void *left, const void *right)
{
	const struct renumbered *a = left;
	const struct renumbered *b = right;

	return prefix_cmp(&a->prefix, &b->prefix);
}

/* Indicators in order of address. */
static void renumber(struct gathering *gathering)
{
	struct history *history = gathering->history;
	size_t n = gathering->prefix_count;
	struct renumbered *sorted = calloc(n + 1, sizeof *sorted);
	uint32_t *numbers = calloc(n + 1, sizeof *numbers);

	must(sorted != NULL && numbers != NULL);
	for (uint32_t i = 0; i < n; i++)
		sorted[i] = (struct renumbered){ gathering->prefixes[i], i };
	sort_runs(sorted, n, sizeof *sorted, renumbered_order);
	history->indicators = arena_array(&history->arena, n + 1, sizeof *history->indicators);
	history->indicator_count = n;
	for (uint32_t i = 0; i < n; i++) {
		history->indicators[i] = sorted[i].prefix;
		numbers[sorted[i].number] = i;
	}
	for (size_t i = 0; i < history->event_count; i++)
		history->events[i].indicator = numbers[history->events[i].indicator];
	free(sorted);
	free(numbers);
}

static void gathering_done(struct gathering *gathering)
{
	arena_done(&gathering->arena);
	map_done(&gathering->numbers);
	free(gathering->files);
	free(gathering->prefixes);
}

enum err lists_read(const char *folder, struct str label, struct history *out,
	struct lists_read *read, struct why *why)
{
	CLEANUP(gathering_done) struct gathering gathering = { .history = out, .read = read };

	*out = (struct history){ 0 };
	*read = (struct lists_read){ 0 };
	TRY(entries(&gathering, folder, outer_entry, why));
	if (gathering.file_count == 0)
		return fail(why, ERR_NOT_FOUND, "no dated lists in %s", folder);
	sort_runs(gathering.files, gathering.file_count, sizeof *gathering.files, dated_order);
	TRY(sources_name(&gathering, label, why));
	TRY(days_count(&gathering, why));
	TRY(lists_compare(&gathering, why));
	renumber(&gathering);
	history_sort(out);
	return OK;
}

/* ---- writing ---- */

static enum err list_write(const char *folder, const struct history *history, uint16_t source,
	uint32_t day, const bool *is_listed, struct why *why)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	CLEANUP(buf_done) struct buf text = { 0 };

	buf_fmt(&path, "%s/%.*s", folder, STR_FMT(history->sources[source].name));
	TRY(folder_make(buf_c(&path), 0755, why));
	buf_byte(&path, '/');
	date_format(&path, history->start_s + (int64_t)day * DAY_S);
	buf_str(&path, STR(".txt"));
	for (size_t i = 0; i < history->indicator_count; i++) {
		if (is_listed[i]) {
			prefix_format(&text, &history->indicators[i]);
			buf_byte(&text, '\n');
		}
	}
	return file_replace(buf_c(&path), buf_view(&text), 0644, why);
}

static enum err source_write(const char *folder, const struct history *history, uint16_t source,
	bool *is_listed, struct why *why)
{
	size_t at = 0;

	memset(is_listed, 0, history->indicator_count * sizeof *is_listed);
	for (uint32_t day = 0; day < history->days; day++) {
		for (; at < history->event_count && history->events[at].day <= day; at++) {
			const struct history_event *event = &history->events[at];

			if (event->source == source && event->what != HISTORY_SEEN)
				is_listed[event->indicator] = event->what == HISTORY_BEGINS;
		}
		TRY(list_write(folder, history, source, day, is_listed, why));
	}
	return OK;
}

enum err lists_write(const char *folder, const struct history *history, struct why *why)
{
	bool *is_listed = calloc(history->indicator_count + 1, sizeof *is_listed);
	enum err err = OK;

	must(is_listed != NULL);
	for (uint16_t s = 0; err == OK && s < history->source_count; s++) {
		if (!history->sources[s].is_news)
			err = source_write(folder, history, s, is_listed, why);
	}
	free(is_listed);
	return err;
}
