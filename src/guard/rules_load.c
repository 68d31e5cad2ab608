/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules that the store holds: guard lists are evidence of their own kind of source. */
#include "decision/override.h"
#include "evidence/query.h"
#include "guard/curated.h"
#include "guard/rules_int.h"

struct load {
	struct db *db;
	int64_t as_of_s;
	struct rules *rules;
	/* the guard list that is being read */
	enum guard_policy policy;
	struct str list;
	uint8_t traits;
	struct arena arena;
};

static enum err guard_row(void *state, const struct evidence *row, struct why *why)
{
	struct load *load = state;
	struct indicator indicator;
	struct why refused;

	if (row->ended_s != 0)
		return OK;
	arena_reset(&load->arena);
	TRY(indicator_from_key(row->key, &load->arena, &indicator, why));
	/* one rule that is no good must not open all others */
	if (rules_add_guard(load->rules, &indicator, load->policy, load->list, load->traits,
		    &refused) != OK)
		load->rules->refused++;
	return OK;
}

static enum err guard_list(void *state, const struct source_status *source, struct why *why)
{
	struct load *load = state;

	if (source->properties.purpose != PURPOSE_GUARD ||
		source->properties.rule >= GUARD_POLICIES || source->properties.rule == GUARD_NONE)
		return OK;
	load->policy = (enum guard_policy)source->properties.rule;
	load->list = arena_str(&load->rules->arena, source->name);
	load->traits = source->properties.traits;
	return evidence_of_source(load->db, source->id, load->as_of_s, guard_row, load, why);
}

static enum err override_row(void *state, const struct override *row, struct why *why)
{
	struct load *load = state;

	(void)why;
	rules_add_override(load->rules, &row->indicator, row->id, row->is_allow);
	return OK;
}

enum err rules_load(
	struct db *db, int64_t now_s, int64_t as_of_s, struct rules **out, struct why *why)
{
	CLEANUP(rules_free) struct rules *rules = rules_new();
	struct load load = { .db = db, .as_of_s = as_of_s, .rules = rules };
	enum err err;

	curated_add(rules);
	err = source_list(db, STR(""), false, guard_list, &load, why);
	arena_done(&load.arena);
	if (err != OK)
		return err;
	TRY(override_in_force(db, as_of_s == 0 ? now_s : as_of_s, override_row, &load, why));
	rules_ready(rules);
	rules_free(out);
	*out = rules;
	rules = NULL;
	return OK;
}
