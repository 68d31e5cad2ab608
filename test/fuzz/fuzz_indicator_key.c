/* SPDX-License-Identifier: GPL-3.0-or-later */
/* indicator_from_key: what is taken as a key is the key of what it means. */
#include "base/arena.h"
#include "evidence/indicator.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(buf_done) struct buf again = { 0 };
	CLEANUP(buf_done) struct buf text = { 0 };
	struct str key = { (const char *)data, size };
	struct indicator indicator;
	struct why why = { 0 };

	if (indicator_from_key(key, &arena, &indicator, &why) != OK) {
		must(why.text[0] != '\0');
		return 0;
	}
	indicator_key(&again, &indicator);
	must(str_eq(buf_view(&again), key));
	indicator_format(&text, &indicator);
	return 0;
}
