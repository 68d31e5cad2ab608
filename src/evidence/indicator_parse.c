/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/arena.h"
#include "evidence/indicator.h"
#include "net/name.h"
#include "net/url.h"

/* Names have a letter in their last label; so digits, dots and slashes alone mean an address. */
static bool looks_like_ip(struct str text)
{
	if (str_find(text, ':') != text.n)
		return true;
	for (size_t i = 0; i < text.n; i++) {
		if (!byte_is_digit(text.p[i]) && text.p[i] != '.' && text.p[i] != '/')
			return false;
	}
	return true;
}

static enum err parse_url(
	struct str text, struct arena *arena, struct indicator *out, struct why *why)
{
	CLEANUP(buf_done) struct buf canonical = { 0 };
	struct url url;

	TRY(url_parse(text, &(struct url_rules){ .allow_defanged = true }, &canonical, &url, why));
	*out = (struct indicator){ .kind = INDICATOR_URL, .text = arena_str(arena, url.text) };
	return OK;
}

enum err indicator_parse(
	struct str text, struct arena *arena, struct indicator *out, struct why *why)
{
	struct name name;

	text = str_trim(text);
	if (text.n == 0)
		return fail(why, ERR_SYNTAX, "nothing is given");
	if (str_find_str(text, STR("://")) != text.n)
		return parse_url(text, arena, out, why);
	if (looks_like_ip(text)) {
		*out = (struct indicator){ .kind = INDICATOR_IP };
		return prefix_parse(text, NULL, &out->prefix, why);
	}
	TRY(name_parse(text, &(struct name_rules){ .allow_single = true }, &name, why));
	*out = (struct indicator){ .kind = INDICATOR_NAME,
		.below = name.is_wildcard,
		.text = arena_str(arena, name_str(&name)) };
	return OK;
}
