/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keeper/builder.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "keeper/live.h"
#include "keeper/touched.h"
#include "snapshot/live.h"
#include "snapshot/judge.h"
#include "snapshot/open.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BUILDER_NICE = 5, FINISH_SLICE_NS = 5000000 };

/* What the building process writes on its pipe, whole or not at all. */
struct outcome {
	enum err err;
	struct why why;
	struct build_result result;
};

static enum err scan_row(void *state, const struct evidence *row, struct why *why)
{
	struct compile_row compiled = compile_row_of(row);

	return compile_add(state, &compiled, why);
}

/* The newest generation's number, from the file that has it; 0 when there is none. */
static uint64_t generation_of(const char *path)
{
	struct pehra *snapshot;
	struct pehra_info info;

	if (pehra_open(path, PEHRA_OPEN_PLAIN, &snapshot) != PEHRA_OK)
		return 0;
	pehra_info(snapshot, &info);
	pehra_close(snapshot);
	return info.generation;
}

static void measure(struct build_result *result)
{
	struct rusage usage;

	must(getrusage(RUSAGE_SELF, &usage) == 0);
	result->cpu_ms = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
			 (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
	result->peak_kib = (uint64_t)usage.ru_maxrss;
}

enum err build_generation(const struct keeper *keeper, struct db *db, int64_t now_s,
	struct build_result *out, struct why *why)
{
	CLEANUP(buf_done) struct buf folder = { 0 };
	CLEANUP(buf_done) struct buf path = { 0 };
	CLEANUP(compile_free)
	struct compile *compile = compile_new(&keeper->scoring, now_s);
	struct str category_names[CATEGORY_COUNT] = { 0 };
	struct snapshot_input input;

	TRY(evidence_scan(db, 0, scan_row, compile, why));
	compile_finish(compile, &input);
	for (unsigned i = 0; i < CATEGORY_COUNT; i++) {
		if (category_info(i) != NULL)
			category_names[i] = category_info(i)->name;
	}
	input.category_names = category_names;
	input.category_count = CATEGORY_COUNT;
	input.created_s = now_s;
	input.generation = generation_of(keeper_path(&path, keeper->data, SNAPSHOT_GENERATION)) + 1;
	*out = (struct build_result){ .generation = input.generation,
		.v4 = input.v4_count,
		.v6 = input.v6_count,
		.texts = input.text_count };
	TRY(touched_write(compile, keeper->data, why));
	TRY(snapshot_build(
		&input, keeper_path(&folder, keeper->data, SNAPSHOT_FOLDER), &keeper->key, why));
	TRY(snapshot_live_prepare(buf_c(&folder), why));
	measure(out);
	return OK;
}

/* The building process: its own connection, and nothing of keeper's but memory. */
static void build_in_child(const struct keeper *keeper, int result)
{
	CLEANUP(db_close) struct db *db = NULL;
	CLEANUP(buf_done) struct buf url = { 0 };
	struct outcome outcome = { 0 };

	(void)!nice(BUILDER_NICE);
	config_store_url(&keeper->config, &url);
	outcome.err = db_open(buf_c(&url), DB_READ_ONLY, &db, &outcome.why);
	if (outcome.err == OK)
		outcome.err = build_generation(
			keeper, db, clock_now_s(keeper->clock), &outcome.result, &outcome.why);
	(void)!write(result, &outcome, sizeof outcome);
}

enum err builder_start(struct builder *builder, const struct keeper *keeper, struct why *why)
{
	int ends[2];

	must(builder->pid == 0);
	if (pipe2(ends, O_CLOEXEC) == -1)
		return fail_sys(why, "cannot make a pipe");
	builder->pid = fork();
	if (builder->pid == -1) {
		enum err err = fail_sys(why, "cannot start the building of a snapshot");

		(void)close(ends[0]);
		(void)close(ends[1]);
		builder->pid = 0;
		return err;
	}
	if (builder->pid == 0) {
		build_in_child(keeper, ends[1]);
		_exit(0);
	}
	(void)close(ends[1]);
	builder->result = ends[0];
	builder->started_ns = clock_monotonic_ns(keeper->clock);
	return OK;
}

static void note(struct builder *builder, struct str key, bool by_rule)
{
	if (builder->pid == 0)
		return;
	if (builder->changed_count == builder->changed_capacity) {
		builder->changed_capacity = builder->changed_capacity * 2 + 64;
		builder->changed = realloc(
			builder->changed, builder->changed_capacity * sizeof *builder->changed);
		must(builder->changed != NULL);
	}
	builder->changed[builder->changed_count++] =
		(struct builder_change){ arena_str(&builder->changed_keys, key), by_rule };
}

void builder_note(struct builder *builder, struct str key)
{
	note(builder, key, false);
}

void builder_note_rule(struct builder *builder, struct str key)
{
	note(builder, key, true);
}

/* Ends the process if it has not ended, and forgets what was noted. */
static void builder_reset(struct builder *builder)
{
	if (builder->pid != 0) {
		(void)kill(builder->pid, SIGKILL);
		while (waitpid(builder->pid, NULL, 0) == -1 && errno == EINTR)
			;
		(void)close(builder->result);
	}
	free(builder->changed);
	arena_done(&builder->changed_keys);
	snapshot_live_close(&builder->next);
	*builder = (struct builder){ 0 };
}

void builder_cancel(struct builder *builder)
{
	builder_reset(builder);
}

static enum err outcome_read(int fd, struct outcome *out, struct why *why)
{
	ssize_t n;

	do {
		n = read(fd, out, sizeof *out);
	} while (n == -1 && errno == EINTR);
	if (n == (ssize_t)sizeof *out)
		return OK;
	return fail(why, ERR_CLOSED, "the building of the snapshot ended without a word");
}

/* Takes the result, and maps the live copy to be. */
static enum err result_take(struct builder *builder, const struct keeper *keeper, struct why *why)
{
	CLEANUP(buf_done) struct buf folder = { 0 };
	struct outcome outcome;

	TRY(outcome_read(builder->result, &outcome, why));
	if (outcome.err != OK) {
		*why = outcome.why;
		return outcome.err;
	}
	builder->built = outcome.result;
	return snapshot_live_next(
		keeper_path(&folder, keeper->data, SNAPSHOT_FOLDER), &builder->next, why);
}

/* Applies changes to the copy to be for a while; one that finds no place there is no error yet. */
static enum err changes_apply(struct builder *builder, struct keeper *keeper, struct why *why)
{
	int64_t end_ns = clock_monotonic_ns(keeper->clock) + FINISH_SLICE_NS;
	struct snapshot_live *shown = keeper->live;
	enum err err = OK;

	keeper->live = builder->next;
	while (err == OK && builder->applied < builder->changed_count &&
		clock_monotonic_ns(keeper->clock) < end_ns) {
		const struct builder_change *change = &builder->changed[builder->applied++];

		err = (change->by_rule ? live_show : live_apply)(keeper, change->key, why);
		if (err != ERR_FULL)
			continue;
		builder->unfit = *why;
		err = OK;
	}
	keeper->live = shown;
	return err;
}

static enum err publish(struct builder *builder, struct keeper *keeper, struct why *why)
{
	CLEANUP(buf_done) struct buf folder = { 0 };

	TRY(snapshot_live_publish(keeper_path(&folder, keeper->data, SNAPSHOT_FOLDER), why));
	snapshot_live_close(&keeper->live);
	keeper->live = builder->next;
	builder->next = NULL;
	return OK;
}

static enum err finish_step(
	struct builder *builder, struct keeper *keeper, bool *is_over, struct why *why)
{
	if (builder->next == NULL)
		TRY(result_take(builder, keeper, why));
	TRY(changes_apply(builder, keeper, why));
	*is_over = builder->applied == builder->changed_count;
	if (!*is_over)
		return OK;
	TRY(publish(builder, keeper, why));
	if (builder->unfit.code != OK)
		*why = builder->unfit;
	return builder->unfit.code;
}

enum err builder_finish(struct builder *builder, struct keeper *keeper, struct build_result *out,
	bool *is_over, struct why *why)
{
	enum err err;

	*is_over = false;
	err = finish_step(builder, keeper, is_over, why);
	*out = builder->built;
	if (err != OK || *is_over)
		builder_reset(builder);
	return err;
}
