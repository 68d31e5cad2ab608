/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Folders of dated lists: what was written is read back, in both layouts, compressed or not. */
#include "prop.h"

#include "bench/score/lists.h"
#include "bench/score/world.h"

#include "base/io.h"
#include "score/score.h"

#include <ftw.h>
#include <unistd.h>
#include <zlib.h>

static struct why why;

struct folder {
	char path[64];
};

static struct folder folder_new(void)
{
	struct folder folder;

	/* memory where there is some: every file is synced */
	must(str_to_c(access("/dev/shm", W_OK) == 0 ? STR("/dev/shm/pehra-lists-XXXXXX")
						    : STR("/tmp/pehra-lists-XXXXXX"),
		folder.path, sizeof folder.path));
	assert_non_null(mkdtemp(folder.path));
	return folder;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static void folder_done(struct folder *folder)
{
	(void)nftw(folder->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void put(const struct folder *folder, const char *name, const char *text)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	struct str inner;

	buf_fmt(&path, "%s/%s", folder->path, name);
	inner = str_first(buf_view(&path), str_find_last(buf_view(&path), '/'));

	CLEANUP(buf_done) struct buf parent = { 0 };

	buf_str(&parent, inner);
	assert_int_equal(folder_make(buf_c(&parent), 0755, &why), OK);
	if (str_ends(str_c(name), STR(".gz"))) {
		gzFile file = gzopen(buf_c(&path), "wb");

		assert_non_null(file);
		assert_int_equal(gzputs(file, text), (int)strlen(text));
		assert_int_equal(gzclose(file), Z_OK);
		return;
	}
	assert_int_equal(file_replace(buf_c(&path), str_c(text), 0644, &why), OK);
}

/* "day source what indicator" of each event, one a line. */
static void events_text(const struct history *history, struct buf *out)
{
	for (size_t i = 0; i < history->event_count; i++) {
		const struct history_event *event = &history->events[i];

		buf_fmt(out, "%u %.*s %s ", event->day,
			STR_FMT(history->sources[event->source].name),
			event->what == HISTORY_BEGINS ? "+" : "-");
		prefix_format(out, &history->indicators[event->indicator]);
		buf_byte(out, '\n');
	}
}

static void test_layouts(void **state)
{
	CLEANUP(folder_done) struct folder folder = folder_new();
	CLEANUP(history_done) struct history history = { 0 };
	CLEANUP(buf_done) struct buf text = { 0 };
	struct lists_read read;

	(void)state;
	put(&folder, "2026-02-01/first.txt", "198.51.100.7\n# none\n8.8.4.0/24\nnonsense\n");
	put(&folder, "2026-02-03/first.txt.gz", "8.8.4.0/24\n8.8.4.9\n9.9.9.1\n");
	put(&folder, "second/2026-02-02.txt", "9.9.9.1\n2001:470::1\n9.9.9.1\n");
	put(&folder, "second/2026-02-04.txt", "");
	put(&folder, "README.txt", "no list");
	assert_int_equal(lists_read(folder.path, STR("second"), &history, &read, &why), OK);
	assert_int_equal(history.days, 4);
	assert_int_equal(history.source_count, 2);
	assert_true(str_eq(history.sources[history.label].name, STR("second")));
	assert_int_equal(history.sources[history.label].standing, STANDING_SENSOR);
	assert_int_equal(read.files, 4);
	assert_int_equal(read.refused, 2); /* what is no address, and a documentation address */
	events_text(&history, &text);
	assert_string_equal(buf_c(&text), "0 first + 8.8.4.0/24\n"
					  "1 second + 9.9.9.1\n"
					  "1 second + 2001:470::1\n"
					  "2 first + 8.8.4.9\n"
					  "2 first + 9.9.9.1\n"
					  "3 second - 9.9.9.1\n"
					  "3 second - 2001:470::1\n");
}

static void test_refused(void **state)
{
	CLEANUP(folder_done) struct folder folder = folder_new();
	struct history history;
	struct lists_read read;

	(void)state;
	assert_int_equal(lists_read("/nonexistent", STR("a"), &history, &read, &why), ERR_IO);
	assert_int_equal(lists_read(folder.path, STR("a"), &history, &read, &why), ERR_NOT_FOUND);
	put(&folder, "a/2026-02-01.txt", "9.9.9.1\n");
	assert_int_equal(lists_read(folder.path, STR("b"), &history, &read, &why), ERR_NOT_FOUND);
	history_done(&history);
	put(&folder, "2026-02-01/a.txt", "9.9.9.1\n");
	assert_int_equal(lists_read(folder.path, STR("a"), &history, &read, &why), ERR_CONFLICT);
	history_done(&history);
}

/* A made history as lists: the same listings come back. */
static void test_world(void **state)
{
	CLEANUP(folder_done) struct folder folder = folder_new();
	CLEANUP(history_done) struct history history = { 0 };
	CLEANUP(buf_done) struct buf written = { 0 };
	CLEANUP(buf_done) struct buf back = { 0 };
	struct world_settings settings;
	struct lists_read read;
	size_t kept = 0;

	(void)state;
	world_settings_default(&settings, 0.001, 30);

	CLEANUP(world_free) struct world *world = world_make(&settings);
	struct history *made = &world->history;

	for (size_t i = 0; i < made->event_count; i++) {
		if (made->events[i].what != HISTORY_SEEN)
			made->events[kept++] = made->events[i];
	}
	made->event_count = kept;
	assert_int_equal(lists_write(folder.path, made, &why), OK);
	assert_int_equal(lists_read(folder.path, STR("own-list"), &history, &read, &why), OK);
	assert_int_equal(history.days, made->days);
	assert_int_equal(history.start_s, made->start_s);
	assert_int_equal(history.event_count, kept);
	assert_int_equal(read.refused, 0);
	/* sources are in order of name here and of their number there: compare as sets of a day */
	assert_true(kept > 500);
	for (size_t i = 0; i < history.event_count; i++)
		assert_true(i == 0 || history.events[i].day >= history.events[i - 1].day);
	events_text(made, &written);
	events_text(&history, &back);
	assert_int_equal(written.n, back.n);
	for (struct str rest = buf_view(&written), line; str_next_line(&rest, &line);)
		assert_true(str_find_str(buf_view(&back), line) < back.n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_world),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
