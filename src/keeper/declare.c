/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keeper/declare.h"

#include "base/clock.h"

#include <math.h>

struct found {
	struct arena *arena;
	struct source_properties *properties;
	bool is_known;
};

static enum err note_found(void *state, const struct source_status *row, struct why *why)
{
	struct found *found = state;

	(void)why;
	*found->properties = row->properties;
	found->properties->family = arena_str(found->arena, row->properties.family);
	found->is_known = true;
	return OK;
}

enum err declared_find(struct keeper *keeper, struct str name, struct arena *arena,
	struct source_properties *out, bool *is_known, struct why *why)
{
	struct found found = { .arena = arena, .properties = out };

	*out = (struct source_properties){ .weight = (double)NAN };
	TRY(source_list(keeper->db, name, false, note_found, &found, why));
	*is_known = found.is_known;
	return OK;
}

enum err declared_set(struct keeper *keeper, struct str name,
	const struct source_properties *properties, struct why *why)
{
	int64_t now_s = clock_now_s(keeper->clock);

	TRY(source_set(keeper->db, name, properties, now_s, why));
	return scoring_reload_sources(&keeper->scoring, keeper->db, now_s, why);
}

static enum err purpose_check(const struct feed_definition *definition,
	const struct source_properties *known, struct why *why)
{
	if (definition->purpose == known->purpose)
		return OK;
	return fail(why, ERR_USAGE,
		"%.*s is a source of %.*s, this list is one of %.*s: it needs another name",
		STR_FMT(definition->name), STR_FMT(source_purpose_name(known->purpose)),
		STR_FMT(source_purpose_name(definition->purpose)));
}

/* A source that was never heard of. */
static enum err declare_new(struct keeper *keeper, const struct feed_definition *definition,
	bool may_vouch, struct why *why)
{
	struct source_properties properties = feed_properties(definition);

	if (!may_vouch && definition->purpose != PURPOSE_CLAIMS)
		return fail(why, ERR_DENIED,
			"a list of %.*s that is not in the catalogue needs the permission decide",
			STR_FMT(source_purpose_name(definition->purpose)));
	if (!may_vouch)
		properties = (struct source_properties){ .family = definition->family,
			.weight = (double)NAN,
			.standing = STANDING_NEW,
			.cadence_s = properties.cadence_s };
	return declared_set(keeper, definition->name, &properties, why);
}

enum err declare_source(struct keeper *keeper, const struct feed_definition *definition,
	bool may_vouch, struct why *why)
{
	const struct feed_definition *listed = catalogue_find(&keeper->catalogue, definition->name);
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct source_properties known;
	bool is_known;

	if (listed != NULL) {
		known = feed_properties(listed);
		return purpose_check(definition, &known, why);
	}
	TRY(declared_find(keeper, definition->name, &arena, &known, &is_known, why));
	if (!is_known)
		return declare_new(keeper, definition, may_vouch, why);
	TRY(purpose_check(definition, &known, why));
	if (known.rule == definition->rule)
		return OK;
	if (!may_vouch)
		return fail(why, ERR_DENIED,
			"to change the policy of a guard list needs the permission decide");
	known.rule = definition->rule;
	return declared_set(keeper, definition->name, &known, why);
}
