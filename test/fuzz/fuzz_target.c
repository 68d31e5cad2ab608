/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Request targets, and cursors: taken apart or refused, found in the route table or not. */
#include "web/cursor.h"
#include "web/route.h"
#include "web/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[CURSOR_KEY_BYTES] = { 7 };
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct str text = { (const char *)data, size };
	struct target target;
	struct cursor cursor;
	struct str capture;
	struct str allow;
	struct why why = { 0 };

	must(cursor_decode(key, text, 1, &arena, &cursor, &why) != OK);
	if (target_parse(text, &arena, &target, &why) != OK) {
		must(why.text[0] != '\0');
		return 0;
	}

	const struct route *route = route_find(STR("GET"), &target, &arena, &capture, &allow);

	if (route != NULL)
		(void)!route_check_parameters(route, &target, &why);
	for (size_t i = 0; i < target.segment_count; i++)
		must(memchr(target.segments[i].p, 0, target.segments[i].n) == NULL);
	return 0;
}
