/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/url.h"

enum { SHOWN_MAX = 120 };

static const struct url_rules strict_rules = { 0 };

#define refuse(why, code, reason, s) \
	fail((why), (code), "%s: %.*s", (reason), STR_FMT(str_first((s), SHOWN_MAX)))

static const struct scheme {
	struct str name;
	uint16_t port;
} schemes[] = {
	{ STR_INIT("http"), 80 },
	{ STR_INIT("https"), 443 },
	{ STR_INIT("ftp"), 21 },
};

static const struct {
	struct str from;
	struct str to;
} defanged_schemes[] = {
	{ STR_INIT("hxxp"), STR_INIT("http") },
	{ STR_INIT("hxxps"), STR_INIT("https") },
	{ STR_INIT("fxp"), STR_INIT("ftp") },
};

static const struct {
	struct str from;
	struct str to;
} defanged_marks[] = {
	{ STR_INIT("[.]"), STR_INIT(".") },
	{ STR_INIT("(.)"), STR_INIT(".") },
	{ STR_INIT("[dot]"), STR_INIT(".") },
	{ STR_INIT("[:]"), STR_INIT(":") },
	{ STR_INIT("[://]"), STR_INIT("://") },
};

/* Bytes that stand for themselves, so that %XX of them is decoded (RFC 3986 2.3). */
static bool byte_is_unreserved(uint8_t byte)
{
	char c = byte_lower((char)byte);

	return (c >= 'a' && c <= 'z') || byte_is_digit(c) || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

/* Bytes that are written as they are, and whose %XX means something else and stays. */
static bool byte_is_reserved(uint8_t byte)
{
	static const struct str reserved = STR_INIT("!$&'()*+,;=:@/?");

	return str_find(reserved, (char)byte) < reserved.n;
}

/* Two lines or a broken file, but no URL. */
static bool byte_is_control(uint8_t byte)
{
	return byte < ' ' || byte == 0x7f;
}

static char *write_coded(char *to, uint8_t byte)
{
	static const char digits[] = "0123456789ABCDEF";

	*to++ = '%';
	*to++ = digits[byte >> 4];
	*to++ = digits[byte & 15];
	return to;
}

/* The byte that s writes as %XX at i; false when no two hexadecimal digits follow. */
static bool coded_byte(struct str s, size_t i, uint8_t *out)
{
	return s.n - i >= 3 && parse_hex(str_from(s.p + i + 1, 2), out);
}

/*
 * A path or query with its percent-encoding normalised. A percent sign that encodes nothing is
 * itself encoded: people paste such URLs, and browsers send them.
 */
static enum err put_normal(struct buf *out, struct str s, struct str whole, struct why *why)
{
	char *to = buf_reserve(out, 3 * s.n);

	for (size_t i = 0; i < s.n; i++) {
		uint8_t byte = (uint8_t)s.p[i];
		bool is_coded = byte == '%' && coded_byte(s, i, &byte);

		if (!is_coded && byte_is_control(byte))
			return refuse(why, ERR_SYNTAX, "a control character in a URL", whole);
		if (byte_is_unreserved(byte) || (!is_coded && byte_is_reserved(byte)))
			*to++ = (char)byte;
		else
			to = write_coded(to, byte);
		i += is_coded ? 2 : 0;
	}
	out->n = (size_t)(to - out->data);
	return OK;
}

/*
 * RFC 3986 5.2.4 in place on text from start on, which begins with a slash. Empty segments stay:
 * servers tell // from /.
 */
static void remove_dot_segments(struct buf *text, size_t start)
{
	char *path = text->data + start;
	size_t n = text->n - start;
	size_t out = 0;
	size_t i = 0;

	while (i < n) {
		struct str rest = str_from_index(str_from(path + i, n - i), 1);
		struct str segment = str_first(rest, str_find(rest, '/'));
		bool is_last = segment.n == rest.n;
		bool is_up = str_eq(segment, STR(".."));

		i += 1 + segment.n;
		if (!is_up && !str_eq(segment, STR("."))) {
			memmove(path + out, segment.p - 1, segment.n + 1);
			out += segment.n + 1;
			continue;
		}
		if (is_up)
			out = str_find_last(str_from(path, out), '/');
		if (is_last)
			path[out++] = '/';
	}
	text->n = start + out;
}

/* "[v6]", "a.b.c.d" or a name, as text; the host's canonical form goes to out. */
static enum err host_parse(struct str host, const struct url_rules *rules, struct str whole,
	struct buf *text, struct url *out, struct why *why)
{
	struct name_rules name_rules = { .allow_single = rules->allow_single_host,
		.refuse_wildcard = true };
	CLEANUP(buf_done) struct buf decoded = { 0 };
	struct name name;
	struct why reason = { 0 };

	if (host.n == 0)
		return refuse(why, ERR_SYNTAX, "no host in the URL", whole);
	if (host.p[0] == '[') {
		struct str inner = str_from(host.p + 1, host.n - (host.n > 1 ? 2 : 1));

		out->host_is_ip = true;
		if (host.p[host.n - 1] != ']' || str_find(inner, ':') == inner.n ||
			ip_parse(inner, NULL, &out->ip, NULL) != OK)
			return refuse(why, ERR_SYNTAX, "no IPv6 address in the brackets", whole);
		return OK;
	}
	if (str_find(host, '%') < host.n) {
		for (size_t i = 0; i < host.n; i++) {
			uint8_t byte = (uint8_t)host.p[i];

			if (byte == '%' && coded_byte(host, i, &byte))
				i += 2;
			buf_byte(&decoded, (char)byte);
		}
		host = buf_view(&decoded);
	}
	out->host_is_ip = ip_parse(host, NULL, &out->ip, NULL) == OK;
	if (out->host_is_ip)
		return OK;

	enum err err = name_parse(host, &name_rules, &name, &reason);

	if (err != OK)
		return fail(why, err, "in the host of the URL, %s", reason.text);
	buf_str(text, name_str(&name));
	return OK;
}

static enum err port_parse(
	struct str s, uint16_t own, uint16_t *out, struct str whole, struct why *why)
{
	uint64_t port = own;

	if (s.n > 0 && (s.n > 5 || !parse_u64(s, &port) || port == 0 || port > UINT16_MAX))
		return refuse(why, ERR_SYNTAX, "not a port from 1 to 65535", whole);
	*out = (uint16_t)port;
	return OK;
}

/* [userinfo@]host[:port], as canonical text behind "scheme://". */
static enum err put_authority(struct buf *text, struct str authority, uint16_t own_port,
	const struct url_rules *rules, struct str whole, struct url *out, struct why *why)
{
	size_t at = str_find_last(authority, '@');
	struct str host = authority;
	struct str port = { NULL, 0 };

	if (at != authority.n) {
		if (!rules->drop_userinfo)
			return refuse(why, ERR_SYNTAX, "a user name in the URL", whole);
		host = str_from_index(authority, at + 1);
	}

	/* the colons of [v6] are not the port's */
	size_t bracket = str_find_last(host, ']');
	size_t behind = bracket == host.n ? 0 : bracket;
	size_t colon = behind + str_find(str_from_index(host, behind), ':');

	if (colon < host.n) {
		port = str_from_index(host, colon + 1);
		host = str_first(host, colon);
	}

	size_t start = text->n;

	TRY(host_parse(host, rules, whole, text, out, why));
	if (out->host_is_ip) {
		bool is_v6 = !ip_is_v4(&out->ip);

		if (is_v6)
			buf_byte(text, '[');
		ip_format(text, &out->ip);
		if (is_v6)
			buf_byte(text, ']');
	}
	out->host.n = text->n - start;
	TRY(port_parse(port, own_port, &out->port, whole, why));
	if (out->port != own_port)
		buf_fmt(text, ":%u", (unsigned)out->port);
	return OK;
}

static const struct scheme *scheme_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		if (str_eq_nocase(name, schemes[i].name))
			return &schemes[i];
	}
	return NULL;
}

/* Cuts "scheme://" off *rest. */
static enum err take_scheme(
	struct str *rest, const struct url_rules *rules, const struct scheme **out, struct why *why)
{
	size_t colon = str_find_str(*rest, STR("://"));
	struct str before = str_first(*rest, colon);

	/* the :// of a query (?u=http://...) is no scheme of this URL */
	if (colon == rest->n || str_find(before, '/') != before.n ||
		str_find(before, '?') != before.n || str_find(before, '#') != before.n) {
		if (!rules->allow_schemeless)
			return refuse(why, ERR_SYNTAX, "no scheme (http://)", *rest);
		*out = &schemes[0];
		return OK;
	}
	*out = scheme_find(before);
	if (*out == NULL)
		return refuse(why, ERR_UNSUPPORTED, "not a scheme of http, https, ftp", *rest);
	*rest = str_from_index(*rest, colon + 3);
	return OK;
}

static enum err parse(struct str s, const struct url_rules *rules, struct buf *text,
	struct url *out, struct why *why)
{
	const struct scheme *scheme;
	struct str rest = s;

	TRY(take_scheme(&rest, rules, &scheme, why));
	rest = str_first(rest, str_find(rest, '#'));

	struct str before_query = str_first(rest, str_find(rest, '?'));
	struct str authority = str_first(before_query, str_find(before_query, '/'));
	struct str path = str_from_index(before_query, authority.n);
	bool has_query = before_query.n < rest.n;

	buf_clear(text);
	buf_str(text, scheme->name);
	buf_str(text, STR("://"));

	size_t host_at = text->n;

	TRY(put_authority(text, authority, scheme->port, rules, s, out, why));

	size_t path_at = text->n;

	if (path.n == 0)
		buf_byte(text, '/');
	TRY(put_normal(text, path, s, why));
	remove_dot_segments(text, path_at);

	size_t query_at = text->n;

	if (has_query) {
		buf_byte(text, '?');
		TRY(put_normal(text, str_from_index(rest, before_query.n + 1), s, why));
	}
	if (text->n > URL_LENGTH_MAX)
		return refuse(why, ERR_LIMIT, "more than 2048 bytes", s);

	bool in_brackets = text->data[host_at] == '[';

	out->text = buf_view(text);
	out->scheme = str_first(out->text, scheme->name.n);
	out->host = in_brackets ? str_from(text->data + host_at + 1, out->host.n - 2)
				: str_from(text->data + host_at, out->host.n);
	out->path = str_from(text->data + path_at, query_at - path_at);
	out->query = str_from_index(out->text, query_at + 1);
	return OK;
}

/* Cheap, and true for all that url_refang() would change. */
static bool may_be_defanged(struct str s)
{
	if (str_find(s, '[') < s.n || str_find(s, '(') < s.n)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(defanged_schemes); i++) {
		if (str_starts_nocase(s, defanged_schemes[i].from))
			return true;
	}
	return false;
}

enum err url_parse(struct str s, const struct url_rules *rules, struct buf *text, struct url *out,
	struct why *why)
{
	CLEANUP(buf_done) struct buf refanged = { 0 };

	if (rules == NULL)
		rules = &strict_rules;
	*out = (struct url){ 0 };
	if (s.n == 0)
		return fail(why, ERR_SYNTAX, "an empty URL");
	if (s.n > URL_INPUT_MAX)
		return refuse(why, ERR_LIMIT, "more than 2048 bytes", s);
	if (rules->allow_defanged && may_be_defanged(s) && url_refang(s, &refanged))
		return parse(buf_view(&refanged), rules, text, out, why);
	return parse(s, rules, text, out, why);
}

/* How many bytes of the head of s stand for *to; 0 when s starts with no mark. */
static size_t mark_length(struct str s, struct str *to)
{
	for (size_t i = 0; i < ARRAY_LEN(defanged_marks); i++) {
		if (str_starts_nocase(s, defanged_marks[i].from)) {
			*to = defanged_marks[i].to;
			return defanged_marks[i].from.n;
		}
	}
	return 0;
}

bool url_refang(struct str s, struct buf *out)
{
	size_t start = out->n;
	bool undone = false;

	for (size_t i = 0; i < s.n;) {
		struct str to;
		size_t n =
			s.p[i] == '[' || s.p[i] == '(' ? mark_length(str_from_index(s, i), &to) : 0;

		if (n > 0) {
			buf_str(out, to);
			undone = true;
			i += n;
		} else {
			buf_byte(out, s.p[i++]);
		}
	}

	struct str text = str_from_index(buf_view(out), start);
	struct str scheme = str_first(text, str_find_str(text, STR("://")));

	if (scheme.n == text.n)
		return undone;
	for (size_t i = 0; i < ARRAY_LEN(defanged_schemes); i++) {
		struct str to = defanged_schemes[i].to;

		if (!str_eq_nocase(scheme, defanged_schemes[i].from))
			continue;

		/* the scheme may grow by a letter: fxp becomes ftp, hxxp becomes http */
		(void)buf_reserve(out, to.n);
		memmove(out->data + start + to.n, out->data + start + scheme.n, text.n - scheme.n);
		memcpy(out->data + start, to.p, to.n);
		out->n = start + text.n - scheme.n + to.n;
		return true;
	}
	return undone;
}
