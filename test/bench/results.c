/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench/results.h"

#include "base/io.h"

#include <math.h>

struct results {
	struct buf path; /* without ".json" */
	struct buf about;
	struct buf json;
	size_t rows;
};

static bool is_plain_name(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		"-_";

	return *name != '\0' && name[strspn(name, allowed)] == '\0';
}

struct results *results_open(const char *name, const char *about)
{
	const char *folder = getenv("PEHRA_RESULTS");
	struct results *results = calloc(1, sizeof *results);

	must(results != NULL);
	must(is_plain_name(name));
	buf_fmt(&results->path, "%s/%s", folder == NULL ? "build/results" : folder, name);
	buf_str(&results->about, str_c(about));
	buf_byte(&results->json, '[');
	return results;
}

/* A literal of the bench itself: quotes, backslashes and control bytes are escaped all the same. */
static void put_text(struct buf *json, const char *text)
{
	buf_byte(json, '"');
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20)
			buf_fmt(json, "\\u%04x", (unsigned)*text);
		else if (*text == '"' || *text == '\\')
			buf_fmt(json, "\\%c", *text);
		else
			buf_byte(json, *text);
	}
	buf_byte(json, '"');
}

static void put_key(struct buf *json, const char *key)
{
	buf_fmt(json, ", \"%s\": ", key);
}

static void put_number(struct buf *json, const char *key, bool known, double value)
{
	put_key(json, key);
	must(!known || isfinite(value));
	if (known)
		buf_fmt(json, "%.9g", value);
	else
		buf_str(json, STR("null"));
}

static bool is_met(const struct result_row *row)
{
	return row->goal_kind == RESULT_AT_LEAST ? row->value >= row->goal
						 : row->value <= row->goal;
}

static void print_row(const struct result_row *row)
{
	printf("%-40s %12.6g %-8s", row->name, row->value, row->unit);
	if (row->peer != NULL)
		printf("  %s: %.6g (ratio %.3g)", row->peer, row->peer_value,
			row->value / row->peer_value);
	if (row->goal_kind != RESULT_NO_GOAL)
		printf("  goal %s %.6g: %s",
			row->goal_kind == RESULT_AT_LEAST ? "at least" : "at most", row->goal,
			is_met(row) ? "met" : "MISSED");
	printf("\n");
	fflush(stdout);
}

void results_add(struct results *results, const struct result_row *row)
{
	struct buf *json = &results->json;
	bool has_goal = row->goal_kind != RESULT_NO_GOAL;
	bool has_peer = row->peer != NULL;

	must(!has_peer || row->peer_value > 0);
	buf_str(json, results->rows++ == 0 ? STR("\n  {\"name\": ") : STR(",\n  {\"name\": "));
	put_text(json, row->name);
	put_key(json, "unit");
	put_text(json, row->unit);
	put_number(json, "value", true, row->value);
	put_number(json, "goal", has_goal, row->goal);
	if (has_goal) {
		put_key(json, "goal_is");
		put_text(json, row->goal_kind == RESULT_AT_LEAST ? "at least" : "at most");
	}
	put_key(json, "met");
	buf_str(json, !has_goal ? STR("null") : is_met(row) ? STR("true") : STR("false"));
	put_key(json, "peer");
	if (has_peer)
		put_text(json, row->peer);
	else
		buf_str(json, STR("null"));
	put_number(json, "peer_value", has_peer, row->peer_value);
	put_number(json, "ratio", has_peer, has_peer ? row->value / row->peer_value : 0);
	buf_byte(json, '}');
	print_row(row);
}

static void write_beside(const struct results *results, const char *ending, struct str bytes)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	struct why why;

	buf_str(&path, buf_view(&results->path));
	buf_str(&path, str_c(ending));
	if (file_replace(buf_c(&path), bytes, 0644, &why) != OK) {
		fprintf(stderr, "%s\n", why.text);
		exit(2);
	}
}

static void make_folder(const struct results *results)
{
	struct str path = buf_view(&results->path);
	CLEANUP(buf_done) struct buf folder = { 0 };
	struct why why;

	buf_str(&folder, str_first(path, str_find_last(path, '/')));
	if (folder_make(buf_c(&folder), 0755, &why) != OK) {
		fprintf(stderr, "%s\n", why.text);
		exit(2);
	}
}

void results_close(struct results **results)
{
	struct results *r = *results;

	if (r == NULL)
		return;
	buf_str(&r->json, STR("\n]\n"));
	buf_byte(&r->about, '\n');
	make_folder(r);
	write_beside(r, ".json", buf_view(&r->json));
	write_beside(r, ".about", buf_view(&r->about));
	buf_done(&r->path);
	buf_done(&r->about);
	buf_done(&r->json);
	free(r);
	*results = NULL;
}
