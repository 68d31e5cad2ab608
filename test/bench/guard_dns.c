/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fixed work for the instruction guard: queries to replies without sockets, mostly not listed. */
#include "answer/respond.h"
#include "answer/sample.h"

#include <unistd.h>

enum { ROUNDS = 20000, NAMES = 8, LISTED = 2, QUERY_BYTES = 128 };

static const char list[] = "192.0.2.1 scanner,brute-force 87 0 0 3\n"
			   "198.51.100.0/24 c2-server 0 95 0 3\n"
			   "2001:db8:1::/64 spam 70 0 0 3\n";

static const char *const names[NAMES] = { "1.2.0.192.rep.pehra.test",
	"99.100.51.198.dst.rep.pehra.test", "2.2.0.192.rep.pehra.test",
	"255.113.0.203.rep.pehra.test", "1.113.0.203.score.rep.pehra.test",
	"www.example.org.dom.rep.pehra.test", "2.0.192.rep.pehra.test",
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.0.0.0.8.b.d.0.1.0.0.2.rep.pehra.test" };

static size_t write_query(const char *name, uint8_t *out)
{
	static const uint8_t header[DNS_HEADER_BYTES] = { [2] = 1, [5] = 1 };
	uint8_t wire[DNS_NAME_MAX];
	uint8_t n;

	must(dns_name_from_text(str_c(name), wire, &n));
	memcpy(out, header, sizeof header);
	memcpy(out + sizeof header, wire, n);
	dns_put_u16(out + sizeof header + n, DNS_TYPE_A);
	dns_put_u16(out + sizeof header + n + 2, DNS_CLASS_IN);
	return sizeof header + n + 4;
}

static size_t run(struct responder *responder)
{
	uint8_t queries[NAMES][QUERY_BYTES];
	size_t lengths[NAMES];
	uint8_t reply[RESPOND_BYTES_MAX];
	struct ipaddr client = ip_from_u32(0x7f000001);
	size_t listed = 0;

	for (size_t i = 0; i < NAMES; i++)
		lengths[i] = write_query(names[i], queries[i]);
	for (size_t round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < NAMES; i++) {
			size_t n = respond(
				responder, RESPOND_UDP, &client, queries[i], lengths[i], reply);

			listed += n > 0 && dns_u16(reply + 6) > 0;
		}
	}
	return listed;
}

int main(void)
{
	static const char *const files[] = { "generation.pehra", "snapshot.key", "snapshot.pub" };
	struct answer_worker_stats stats = { 0 };
	struct respond_config config = { .public_url = STR("https://pehra.example") };
	struct responder responder = { .config = &config, .stats = &stats, .now_s = 1793836800 };
	char folder[] = "/tmp/pehra-guard-XXXXXX";
	char path[64];
	struct pehra *snapshot;
	size_t listed;

	must(mkdtemp(folder) != NULL);
	sample_build(folder, str_c(list), 1);
	snprintf(path, sizeof path, "%s/%s", folder, files[0]);
	must(pehra_open(path, PEHRA_OPEN_PLAIN, &snapshot) == PEHRA_OK);
	must(zones_init(&config.zones, STR("rep.pehra.test"), STR(""), NULL) == OK);
	responder.snapshot = snapshot;
	listed = run(&responder);
	responder_done(&responder);
	pehra_close(snapshot);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(path, sizeof path, "%s/%s", folder, files[i]);
		must(unlink(path) == 0);
	}
	must(rmdir(folder) == 0);
	return listed == (size_t)ROUNDS * LISTED ? 0 : 1;
}
