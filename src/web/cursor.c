/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/cursor.h"

#include <sodium.h>

enum { MAC_BYTES = 16 };

/* What is authenticated; the position follows. Only this process reads what it wrote. */
struct cursor_head {
	uint64_t query;
	int64_t as_of_s;
	uint64_t total;
	uint64_t result;
	uint64_t offset;
	uint64_t is_total_exact;
};

uint64_t cursor_query(
	const uint8_t key[CURSOR_KEY_BYTES], struct str list, struct str filter, struct str sort)
{
	struct str parts[] = { list, filter, sort };
	crypto_generichash_state state;
	uint8_t hash[16];
	uint64_t query;

	must(crypto_generichash_init(&state, key, CURSOR_KEY_BYTES, sizeof hash) == 0);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		uint64_t n = parts[i].n;

		must(crypto_generichash_update(&state, (const uint8_t *)&n, sizeof n) == 0);
		must(crypto_generichash_update(&state, (const uint8_t *)parts[i].p, n) == 0);
	}
	must(crypto_generichash_final(&state, hash, sizeof hash) == 0);
	memcpy(&query, hash, sizeof query);
	return query;
}

static void make_mac(
	const uint8_t key[CURSOR_KEY_BYTES], const uint8_t *bytes, size_t n, uint8_t out[MAC_BYTES])
{
	must(crypto_generichash(out, MAC_BYTES, bytes, n, key, CURSOR_KEY_BYTES) == 0);
}

struct str cursor_encode(
	const uint8_t key[CURSOR_KEY_BYTES], const struct cursor *cursor, struct arena *arena)
{
	struct cursor_head head = { cursor->query, cursor->as_of_s, cursor->total, cursor->result,
		cursor->offset, cursor->is_total_exact };
	size_t n = sizeof head + cursor->position.n;
	uint8_t *bytes = arena_alloc(arena, MAC_BYTES + n);
	size_t text_size =
		sodium_base64_ENCODED_LEN(MAC_BYTES + n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	char *text = arena_alloc(arena, text_size);

	must(cursor->position.n <= CURSOR_POSITION_MAX);
	memcpy(bytes + MAC_BYTES, &head, sizeof head);
	if (cursor->position.n > 0)
		memcpy(bytes + MAC_BYTES + sizeof head, cursor->position.p, cursor->position.n);
	make_mac(key, bytes + MAC_BYTES, n, bytes);
	must(sodium_bin2base64(text, text_size, bytes, MAC_BYTES + n,
		     sodium_base64_VARIANT_URLSAFE_NO_PADDING) != NULL);
	return str_c(text);
}

enum err cursor_decode(const uint8_t key[CURSOR_KEY_BYTES], struct str text, uint64_t query,
	struct arena *arena, struct cursor *out, struct why *why)
{
	uint8_t *bytes = arena_alloc(arena, text.n + 1);
	uint8_t mac[MAC_BYTES];
	struct cursor_head head;
	size_t n = 0;

	if (sodium_base642bin(bytes, text.n + 1, text.p, text.n, NULL, &n, NULL,
		    sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
		n < MAC_BYTES + sizeof head)
		return fail(why, ERR_SYNTAX, "not a cursor");
	make_mac(key, bytes + MAC_BYTES, n - MAC_BYTES, mac);
	if (sodium_memcmp(mac, bytes, MAC_BYTES) != 0)
		return fail(why, ERR_SYNTAX,
			"not a cursor of this server as it runs now; begin the list again");
	memcpy(&head, bytes + MAC_BYTES, sizeof head);
	if (head.query != query)
		return fail(why, ERR_SYNTAX, "the cursor belongs to another list, filter or order");
	*out = (struct cursor){ .query = head.query,
		.as_of_s = head.as_of_s,
		.total = head.total,
		.is_total_exact = head.is_total_exact != 0,
		.result = head.result,
		.offset = head.offset,
		.position = { (const char *)bytes + MAC_BYTES + sizeof head,
			n - MAC_BYTES - sizeof head } };
	return OK;
}
