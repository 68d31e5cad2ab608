/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "evidence/indicator_int.h"

#include "base/arena.h"
#include "base/utf8.h"

/* The first byte of a key; all but addresses have the number of their kind. */
enum key_form {
	KEY_V4 = 1,
	KEY_V6 = 2,
	KEY_NAME = 3,
	KEY_URL = 4,
	KEY_HASH = 5,
	KEY_PATTERN = 6,
	KEY_FORM_COUNT
};

enum {
	V4_BYTES = 4,
	IP_BYTES = 16,
	V4_KEY_LENGTH = 1 + V4_BYTES + 1,
	V6_KEY_LENGTH = 1 + 16 + 1,
	LABEL_MAX = 63, /* RFC 1035 section 2.3.4 */
	NAME_MAX_BYTES = 253,
	HASH_MIN = 16, /* MD5 */
	HASH_MAX = 64, /* SHA-512 */
	PATTERN_HEAD = 3,
	PATTERN_SUBJECTS = PATTERN_OF_NAMES | PATTERN_OF_URLS | PATTERN_OF_HASHES
};

size_t indicator_prefix_key(char *out, const struct prefix *prefix)
{
	if (prefix_is_v4(prefix)) {
		out[0] = KEY_V4;
		memcpy(out + 1, prefix->address.bytes + IP_BYTES - V4_BYTES, V4_BYTES);
		out[1 + V4_BYTES] = (char)(prefix->length - IPV4_OFFSET);
		return V4_KEY_LENGTH;
	}
	out[0] = KEY_V6;
	memcpy(out + 1, prefix->address.bytes, IP_BYTES);
	out[1 + IP_BYTES] = (char)prefix->length;
	return V6_KEY_LENGTH;
}
_Static_assert((int)V6_KEY_LENGTH == (int)PREFIX_KEY_MAX, "the longer of the two");

static void key_ip(struct buf *out, const struct prefix *prefix)
{
	out->n += indicator_prefix_key(buf_reserve(out, PREFIX_KEY_MAX), prefix);
}

static void key_name(struct buf *out, struct str name, bool below)
{
	buf_byte(out, KEY_NAME);
	for (struct str rest = name; rest.p != NULL;) {
		size_t dot = str_find_last(rest, '.');

		if (dot == rest.n) {
			buf_str(out, rest);
			rest.p = NULL;
		} else {
			buf_str(out, str_from_index(rest, dot + 1));
			rest.n = dot;
		}
		buf_byte(out, '\0');
	}
	buf_byte(out, below ? 1 : 0);
}

void indicator_key(struct buf *out, const struct indicator *indicator)
{
	size_t start = out->n;

	if (indicator->kind == INDICATOR_IP) {
		key_ip(out, &indicator->prefix);
	} else if (indicator->kind == INDICATOR_NAME) {
		key_name(out, indicator->text, indicator->below);
	} else if (indicator->kind == INDICATOR_PATTERN) {
		buf_byte(out, KEY_PATTERN);
		buf_byte(out, (char)indicator->match);
		buf_byte(out, (char)indicator->subjects);
		buf_str(out, indicator->text);
	} else {
		must(indicator->kind == INDICATOR_URL || indicator->kind == INDICATOR_HASH);
		buf_byte(out, (char)indicator->kind);
		buf_str(out, indicator->text);
	}
	must(out->n - start <= INDICATOR_KEY_MAX);
}

static struct prefix prefix_of_key(struct str key)
{
	struct prefix prefix;
	uint8_t width = (uint8_t)key.p[key.n - 1];

	if (key.p[0] == KEY_V4) {
		uint8_t octets[V4_BYTES];

		memcpy(octets, key.p + 1, sizeof octets);
		prefix.address = ip_from_u32((uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 |
					     (uint32_t)octets[2] << 8 | octets[3]);
		prefix.length = (uint8_t)(width + IPV4_OFFSET);
	} else {
		memcpy(prefix.address.bytes, key.p + 1, sizeof prefix.address.bytes);
		prefix.length = width;
	}
	return prefix;
}

static enum err check_ip(struct str key, struct why *why)
{
	bool v4 = key.p[0] == KEY_V4;

	if (key.n != (size_t)(v4 ? V4_KEY_LENGTH : V6_KEY_LENGTH))
		return fail(why, ERR_CORRUPT, "address key of %zu bytes", key.n);
	if ((uint8_t)key.p[key.n - 1] > (v4 ? 32 : 128))
		return fail(
			why, ERR_CORRUPT, "prefix length %d in a key", (uint8_t)key.p[key.n - 1]);

	struct prefix prefix = prefix_of_key(key);
	struct prefix masked = prefix_around(&prefix.address, prefix.length);

	if (ip_cmp(&prefix.address, &masked.address) != 0)
		return fail(why, ERR_CORRUPT, "host bits are set in an address key");
	if (!v4 && prefix_is_v4(&prefix))
		return fail(why, ERR_CORRUPT, "IPv4 prefix in an IPv6 key");
	return OK;
}

/* What a canonical label may hold; finer rules are the business of the edge that parsed it. */
static bool label_is_plain(struct str label)
{
	if (label.n == 0 || label.n > LABEL_MAX)
		return false;
	for (size_t i = 0; i < label.n; i++) {
		char c = label.p[i];

		if (c <= ' ' || c > '~' || c == '.' || byte_lower(c) != c)
			return false;
	}
	return true;
}

static enum err check_name(struct str key, struct why *why)
{
	struct str rest = str_from_index(key, 1);
	size_t text_bytes = 0;

	while (rest.n > 1) {
		struct str label = str_first(rest, str_find(rest, '\0'));

		if (label.n == rest.n || !label_is_plain(label))
			return fail(why, ERR_CORRUPT, "bad label in a name key");
		rest = str_from_index(rest, label.n + 1);
		text_bytes += label.n + 1;
	}
	if (text_bytes == 0 || text_bytes - 1 > NAME_MAX_BYTES)
		return fail(why, ERR_CORRUPT, "name key without or with too many labels");
	if (rest.n != 1 || (uint8_t)rest.p[0] > 1)
		return fail(why, ERR_CORRUPT, "bad end of a name key");
	return OK;
}

static enum err check_url(struct str key, struct why *why)
{
	if (key.n < 2 || key.n - 1 > INDICATOR_TEXT_MAX)
		return fail(why, ERR_CORRUPT, "URL key of %zu bytes", key.n);
	for (size_t i = 1; i < key.n; i++) {
		if ((uint8_t)key.p[i] < ' ' || key.p[i] == 0x7f)
			return fail(why, ERR_CORRUPT, "control byte in a URL key");
	}
	return OK;
}

static enum err check_hash(struct str key, struct why *why)
{
	if (key.n - 1 < HASH_MIN || key.n - 1 > HASH_MAX)
		return fail(why, ERR_CORRUPT, "hash key of %zu bytes", key.n);
	return OK;
}

static enum err check_pattern_text(struct str text, bool is_regex, struct why *why)
{
	size_t bad;

	if (text.n == 0 || text.n > PATTERN_TEXT_MAX)
		return fail(why, ERR_CORRUPT, "pattern of %zu bytes", text.n);
	for (size_t i = 0; i < text.n;) {
		size_t length = utf8_length(text, i, &bad);

		if (length == 0)
			return fail(why, ERR_CORRUPT, "pattern that is not UTF-8");
		if (!is_regex && byte_lower(text.p[i]) != text.p[i])
			return fail(why, ERR_CORRUPT, "upper case in a pattern");
		i += length;
	}
	return OK;
}

static enum err check_pattern(struct str key, struct why *why)
{
	uint8_t match = key.n > 1 ? (uint8_t)key.p[1] : 0;
	uint8_t subjects = key.n > 2 ? (uint8_t)key.p[2] : 0;
	bool is_regex = match == PATTERN_REGEX;
	uint8_t known = PATTERN_SUBJECTS | (is_regex ? PATTERN_CASELESS : 0);

	if (match == 0 || match >= PATTERN_MATCHES)
		return fail(why, ERR_CORRUPT, "pattern of the unknown form %d", match);
	if ((subjects & PATTERN_SUBJECTS) == 0 || (subjects & ~known) != 0)
		return fail(why, ERR_CORRUPT, "pattern of the unknown subjects %d", subjects);
	return check_pattern_text(str_from_index(key, PATTERN_HEAD), is_regex, why);
}

static enum err (*const checks[KEY_FORM_COUNT])(struct str key, struct why *why) = {
	[KEY_V4] = check_ip,
	[KEY_V6] = check_ip,
	[KEY_NAME] = check_name,
	[KEY_URL] = check_url,
	[KEY_HASH] = check_hash,
	[KEY_PATTERN] = check_pattern,
};

enum err indicator_key_check(struct str key, struct why *why)
{
	uint8_t form = key.n == 0 ? 0 : (uint8_t)key.p[0];

	if (form >= KEY_FORM_COUNT || checks[form] == NULL)
		return fail(why, ERR_CORRUPT, "no key of an indicator: first byte %d", form);
	return checks[form](key, why);
}

/* The labels of a checked key, from the bottom up, with dots between. */
static struct str name_of_key(struct str key, struct arena *arena)
{
	struct str labels = str_first(str_from_index(key, 1), key.n - 2);
	char *text = arena_alloc(arena, labels.n);
	size_t end = labels.n - 1;

	while (labels.n > 0) {
		struct str label = str_first(labels, str_find(labels, '\0'));

		labels = str_from_index(labels, label.n + 1);
		end -= label.n;
		memcpy(text + end, label.p, label.n);
		if (end > 0)
			text[--end] = '.';
	}
	return str_from(text, key.n - 3);
}

enum err indicator_from_key(
	struct str key, struct arena *arena, struct indicator *out, struct why *why)
{
	TRY(indicator_key_check(key, why));
	*out = (struct indicator){ .kind = (enum indicator_kind)key.p[0] };
	if (key.p[0] == KEY_V4 || key.p[0] == KEY_V6) {
		out->kind = INDICATOR_IP;
		out->prefix = prefix_of_key(key);
	} else if (key.p[0] == KEY_NAME) {
		out->text = name_of_key(key, arena);
		out->below = key.p[key.n - 1] == 1;
	} else if (key.p[0] == KEY_PATTERN) {
		out->match = (uint8_t)key.p[1];
		out->subjects = (uint8_t)key.p[2];
		out->text = str_from_index(key, PATTERN_HEAD);
	} else {
		out->text = str_from_index(key, 1);
	}
	return OK;
}

static const struct str matches[] = {
	[PATTERN_STRING] = STR_INIT("string:"),
	[PATTERN_HOSTNAME] = STR_INIT("hostname:"),
	[PATTERN_SUBSTRING] = STR_INIT("substring:"),
	[PATTERN_REGEX] = STR_INIT("regex:/"),
};
_Static_assert(ARRAY_LEN(matches) == PATTERN_MATCHES, "one word per form of a pattern");

static void pattern_format(struct buf *out, const struct indicator *pattern)
{
	must(pattern->match < PATTERN_MATCHES);
	buf_str(out, matches[pattern->match]);
	buf_str(out, pattern->text);
	if (pattern->match == PATTERN_REGEX)
		buf_str(out, (pattern->subjects & PATTERN_CASELESS) != 0 ? STR("/i") : STR("/"));
}

void indicator_format(struct buf *out, const struct indicator *indicator)
{
	if (indicator->kind == INDICATOR_IP) {
		prefix_format(out, &indicator->prefix);
		return;
	}
	if (indicator->kind == INDICATOR_HASH) {
		buf_hex(out, (const uint8_t *)indicator->text.p, indicator->text.n);
		return;
	}
	if (indicator->kind == INDICATOR_PATTERN) {
		pattern_format(out, indicator);
		return;
	}
	if (indicator->kind == INDICATOR_NAME && indicator->below)
		buf_str(out, STR("*."));
	buf_str(out, indicator->text);
}

static const struct str kind_names[] = {
	[INDICATOR_IP] = STR_INIT("ip"),
	[INDICATOR_NAME] = STR_INIT("name"),
	[INDICATOR_URL] = STR_INIT("url"),
	[INDICATOR_HASH] = STR_INIT("hash"),
	[INDICATOR_PATTERN] = STR_INIT("pattern"),
};

struct str indicator_kind_name(enum indicator_kind kind)
{
	if ((size_t)kind >= ARRAY_LEN(kind_names) || kind_names[kind].n == 0)
		return STR("unknown");
	return kind_names[kind];
}
