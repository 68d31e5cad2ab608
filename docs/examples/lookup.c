/* SPDX-License-Identifier: MIT */
/*
 * Looks up addresses and names in a Pehra snapshot.
 *
 *	cc lookup.c $(pkg-config --cflags --libs pehra) -o lookup
 *	./lookup var/snapshot/live.pehra 192.0.2.7 2001:db8::1 bad.example
 *
 * Prints one line for each; ends 0 when none is listed, 1 when some are, 2 on an error.
 */
#include <arpa/inet.h>
#include <pehra.h>
#include <stdio.h>
#include <string.h>

enum { SOURCES_MAX = 8 };

/* IPv4 as ::ffff:a.b.c.d; 0 when the text is no address. */
static int address_read(const char *text, uint8_t out[16])
{
	memset(out, 0, 10);
	memset(out + 10, 0xff, 2);
	return inet_pton(AF_INET, text, out + 12) == 1 || inet_pton(AF_INET6, text, out) == 1;
}

static void verdict_print(const struct pehra *snapshot, const struct pehra_verdict *verdict)
{
	static const char *const actions[] = { "none", "watch", "challenge", "block", "allow" };
	const char *sources[SOURCES_MAX];
	size_t count = pehra_sources(snapshot, verdict->source_set, sources, SOURCES_MAX);

	printf(" %s, score %u", verdict->action <= PEHRA_ALLOW ? actions[verdict->action] : "?",
		verdict->score[PEHRA_SOURCE]);
	for (unsigned i = 0; i < 64; i++) {
		const char *name = pehra_category_name(snapshot, i);

		if ((verdict->categories >> i & 1) != 0 && name != NULL)
			printf(", %s", name);
	}
	for (size_t i = 0; i < count && i < SOURCES_MAX; i++)
		printf("%s%s", i == 0 ? "; said by " : ", ", sources[i]);
}

static int look_up(const struct pehra *snapshot, const char *text)
{
	uint8_t address[16];
	pehra_id id = address_read(text, address) ? pehra_ip(snapshot, address)
						  : pehra_name(snapshot, text, strlen(text));
	const struct pehra_verdict *verdict = pehra_verdict(snapshot, id);

	printf("%s:", text);
	if (verdict == NULL)
		printf(" not listed");
	else
		verdict_print(snapshot, verdict);
	printf("\n");
	return verdict != NULL;
}

int main(int count, char **arguments)
{
	struct pehra *snapshot;
	int listed = 0;

	if (count < 3) {
		fprintf(stderr, "usage: lookup SNAPSHOT ADDRESS-OR-NAME...\n");
		return 2;
	}

	enum pehra_status status = pehra_open(arguments[1], PEHRA_OPEN_PLAIN, &snapshot);

	if (status != PEHRA_OK) {
		fprintf(stderr, "%s: %s\n", arguments[1], pehra_status_text(status));
		return 2;
	}
	for (int i = 2; i < count; i++)
		listed |= look_up(snapshot, arguments[i]);
	pehra_close(snapshot);
	return listed;
}
