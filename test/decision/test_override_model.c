/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the store says was in force at any time of the past equals a replay, step by step, of what
 * people did until then.
 */
#include "decision/decision_fixture.h"

enum { STEPS = 60, ASKED = 40 };

/* One thing that was done and took effect. */
struct step {
	enum { STEP_ADD, STEP_APPROVE, STEP_REFUSE, STEP_REVOKE } what;
	int64_t at_s;
	int64_t id;
	size_t place; /* ADD: of the indicators below */
	bool is_allow;
	bool needs_second;
	int64_t ends_s;
};

static const char *const places[] = { "192.0.2.1", "192.0.2.0/24", "192.0.0.0/16", "*.example.org",
	"2001:db8::/33" };

struct history {
	struct step steps[STEPS];
	size_t n;
};

struct live {
	size_t place;
	bool is_allow;
	bool waits;
	bool runs;
	int64_t ends_s;
};

static void start(struct live *live, int64_t id)
{
	for (int64_t other = 1; other <= STEPS; other++)
		if (other != id && live[other].place == live[id].place &&
			live[other].is_allow == live[id].is_allow)
			live[other].runs = false;
	live[id].runs = true;
	live[id].waits = false;
}

static void replay_step(struct live *live, const struct step *step)
{
	struct live *one = &live[step->id];

	switch (step->what) {
	case STEP_ADD:
		*one = (struct live){ step->place, step->is_allow, step->needs_second, false,
			step->ends_s };
		if (!step->needs_second)
			start(live, step->id);
		break;
	case STEP_APPROVE:
		start(live, step->id);
		break;
	case STEP_REFUSE:
	case STEP_REVOKE:
		one->waits = false;
		one->runs = false;
		break;
	}
}

/* What was in force at a time: live[id], for all ids. */
static void replay(const struct history *history, int64_t at_s, struct live live[STEPS + 1])
{
	memset(live, 0, (STEPS + 1) * sizeof *live);
	for (size_t i = 0; i < history->n && history->steps[i].at_s <= at_s; i++)
		replay_step(live, &history->steps[i]);
	for (size_t id = 1; id <= STEPS; id++)
		if (live[id].ends_s <= at_s)
			live[id].runs = live[id].waits = false;
}

static enum err do_add(struct db *db, struct prop *prop, struct step *step, struct why *why)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct override_request request;

	step->what = STEP_ADD;
	step->place = prop_below(prop, ARRAY_LEN(places));
	step->is_allow = prop_below(prop, 2) == 0;
	step->ends_s = step->at_s + 1 + (int64_t)prop_below(prop, 30);
	request = request_of(&arena, places[step->place], step->is_allow);
	request.ends_s = step->ends_s;
	request.hits_critical = prop_below(prop, 3) == 0;
	step->needs_second = step->place == 2 || (step->is_allow && request.hits_critical);
	return override_add(db, &request, step->at_s, &step->id, why);
}

/* Tries something; false when it was refused, as the replay must expect. */
static enum err act(struct db *db, struct prop *prop, const struct live *live, struct step *step,
	bool *should_work, struct why *why)
{
	uint64_t what = prop_below(prop, 5);

	*should_work = true;
	if (what < 2)
		return do_add(db, prop, step, why);
	step->id = 1 + (int64_t)prop_below(prop, 12);
	if (what == 2) {
		step->what = STEP_REVOKE;
		*should_work = live[step->id].runs || live[step->id].waits;
		return override_revoke(db, step->id, STR("uid:7"), step->at_s, why);
	}
	step->what = what == 3 ? STEP_APPROVE : STEP_REFUSE;
	*should_work = live[step->id].waits;
	return override_decide(
		db, step->id, step->what == STEP_APPROVE, STR("uid:7"), step->at_s, why);
}

static const char *take_step(
	struct db *db, struct prop *prop, struct history *history, int64_t *now_s)
{
	struct live live[STEPS + 1];
	struct step step = { .at_s = *now_s += (int64_t)prop_below(prop, 4) };
	bool should_work;
	enum err err;

	replay(history, step.at_s, live);
	WORKS(db_begin(db, &why));
	CLEANUP(db_rollback_unless_done) struct db *open = db;
	err = act(db, prop, live, &step, &should_work, NULL);
	if ((err == OK) != should_work)
		return "a step was taken or refused unlike the replay";
	if (err != OK)
		return NULL;
	WORKS(db_commit(open, &why));
	history->steps[history->n++] = step;
	return NULL;
}

struct seen {
	bool runs[STEPS + 1];
	struct buf last_key;
	bool is_ordered;
};

static enum err see(void *state, const struct override *row, struct why *why)
{
	struct seen *seen = state;
	CLEANUP(buf_done) struct buf key = { 0 };

	(void)why;
	seen->runs[row->id] = true;
	indicator_key(&key, &row->indicator);
	if (str_cmp(buf_view(&seen->last_key), buf_view(&key)) > 0)
		seen->is_ordered = false;
	buf_clear(&seen->last_key);
	buf_str(&seen->last_key, buf_view(&key));
	return OK;
}

static const char *ask(struct db *db, const struct history *history, int64_t at_s)
{
	struct seen seen = { .is_ordered = true };
	struct live live[STEPS + 1];
	const char *wrong = NULL;

	replay(history, at_s, live);
	WORKS(override_in_force(db, at_s, see, &seen, &why));
	for (size_t id = 1; id <= STEPS; id++)
		if (live[id].runs != seen.runs[id])
			wrong = "what was in force differs from the replay";
	if (!seen.is_ordered)
		wrong = "not in the order of the keys";
	buf_done(&seen.last_key);
	return wrong;
}

static struct db *the_db;

static const char *one_history(struct prop *prop)
{
	struct history history = { .n = 0 };
	int64_t now_s = NOW;
	const char *wrong = NULL;

	run(the_db, "DELETE FROM override");
	for (size_t i = 0; i < STEPS && wrong == NULL; i++)
		wrong = take_step(the_db, prop, &history, &now_s);
	for (size_t i = 0; i < ASKED && wrong == NULL; i++)
		wrong = ask(the_db, &history,
			NOW - 2 + (int64_t)prop_below(prop, (uint64_t)(now_s - NOW + 40)));
	return wrong;
}

static void test_replay(void **state)
{
	CLEANUP(db_close) struct db *db = decisions(state);

	the_db = db;
	PROP_RUN(20, one_history);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[] = { cmocka_unit_test(test_replay) };

	return contract_main(tests, ARRAY_LEN(tests), argc, argv);
}
