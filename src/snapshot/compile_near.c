/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Neighbours, counted as the sweep comes to them: a group is a run of the sorted rows, and the
 * first of its members that the sweep meets is the first in that run. So each row is looked at once
 * more per level, and nothing is kept but the counts of the current groups.
 */
#include "score/near.h"
#include "snapshot/compile_int.h"

/* In which roles the indicator of rows [from, end) is active, as bits. */
static unsigned active_roles(const struct compile *compile, const struct sweep_kind *kind,
	const struct compile_rows *rows, size_t from, size_t end)
{
	const char *items = rows->items;
	unsigned roles = 0;

	for (size_t i = from; i < end; i++) {
		const struct compile_claim *claim = kind->claim(items + i * kind->row_size);

		if (!claim->is_place && compile_claim_is_active(claim, compile->today))
			roles |= 1U << claim->role;
	}
	return roles;
}

/*
 * Rows from the group's first member on. What begins in its range but is no member (wider, or a
 * rule for one host) is passed over.
 */
static void group_count(struct compile *compile, const struct sweep_kind *kind,
	const struct compile_rows *rows, size_t from, unsigned level, struct near_group *group)
{
	const char *items = rows->items;
	size_t i = from;

	memset(group->active, 0, sizeof group->active);
	while (i < rows->n) {
		const char *first = items + i * kind->row_size;
		size_t end = i + 1;
		uint64_t number;
		bool is_member = kind->near(first, level, &number);

		if (number != group->number)
			break;
		while (end < rows->n && kind->order(first, items + end * kind->row_size) == 0)
			end++;
		if (is_member) {
			unsigned roles = active_roles(compile, kind, rows, i, end);

			for (unsigned role = 0; role < ROLE_COUNT; role++)
				group->active[role] += roles >> role & 1;
		}
		i = end;
	}
	group->end = i;
}

void compile_near(struct compile *compile, const struct sweep_kind *kind,
	const struct compile_rows *rows, size_t from, size_t end, struct score_surroundings *out)
{
	const char *row = (const char *)rows->items + from * kind->row_size;
	unsigned own = active_roles(compile, kind, rows, from, end);

	for (unsigned level = 0; level < SCORE_NEAR_LEVELS; level++) {
		struct near_group *group = &compile->near[level];
		uint64_t number;

		if (!kind->near(row, level, &number))
			return;
		if (from >= group->end || group->number != number) {
			group->number = number;
			group_count(compile, kind, rows, from, level, group);
		}
		for (unsigned role = 0; role < ROLE_COUNT; role++)
			out->near[role][level] = group->active[role] - (own >> role & 1);
	}
}
