/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names: what comes out is canonical and comes out of itself again; refusals have a reason. */
#include "fuzz/fuzz.h"

#include "net/name.h"

static void check(struct str text, const struct name_rules *rules)
{
	struct name name;
	struct name again;
	struct str rest;
	struct str label;
	struct why why = { 0 };
	size_t labels = 0;

	if (name_parse(text, rules, &name, &why) != OK) {
		must(why.code == ERR_SYNTAX || why.code == ERR_LIMIT);
		must(why.text[0] != '\0');
		return;
	}
	must(name.n > 0 && name.n <= NAME_LENGTH_MAX && strlen(name.text) == name.n);
	for (rest = name_str(&name); name_next_label(&rest, &label); labels++)
		must(label.n > 0 && label.n <= LABEL_LENGTH_MAX);
	must(labels == name_label_count(name_str(&name)));
	must(name_parse(name_str(&name), rules, &again, NULL) == OK);
	must(str_eq(name_str(&name), name_str(&again)) && !again.is_wildcard);
	rest = name_registrable(name_str(&name));
	must(rest.n == 0 || name_is_within(name_str(&name), rest));
	must(name_is_public_suffix(name_str(&name)) == (rest.n == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct name_rules lax = { .allow_single = true, .allow_edge_hyphen = true };
	static const struct name_rules host = { .refuse_underscore = true,
		.refuse_wildcard = true };
	struct str text = str_from((const char *)data, size);

	check(text, NULL);
	check(text, &lax);
	check(text, &host);
	return 0;
}
