/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The catalogue: a file is taken whole or not at all, mistakes have a line, and what was taken is
 * found by its name.
 */
#include "fuzz/fuzz.h"

#include "feed/catalogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char first[] =
		"feeds:\n- {name: kept, url: https://a.example/, cadence: 3h}\n";
	struct feed_catalogue catalogue = { 0 };
	struct why why = { 0 };

	must(catalogue_parse(&catalogue, STR(first), STR("first"), STR(""), NULL) == OK);

	enum err code = catalogue_parse(&catalogue, str_from((const char *)data, size),
		STR("fuzz.yaml"), STR("/folder"), &why);

	if (code != OK) {
		must(why.line > 0 && why.text[0] != '\0');
		must(catalogue.n == 1);
		must(catalogue.feeds[0].cadence_s == 3 * 3600);
	}
	for (size_t i = 0; i < catalogue.n; i++) {
		const struct feed_definition *feed = &catalogue.feeds[i];

		must(feed_name_is_valid(feed->name));
		must(catalogue_find(&catalogue, feed->name) == feed);
		must(feed->role < ROLE_COUNT && feed->tlp < TLP_COUNT);
		must(category_info(feed->category) != NULL);
		must(feed->url.n == 0 || feed->file.n == 0);
	}
	catalogue_done(&catalogue);
	return 0;
}
