/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DNS queries: any bytes get no reply or one that libknot can read, of the query's id, within the
 * limit of the transport, and the truncated form of it is never longer than the query.
 */
#include "fuzz/fuzz.h"

#include "answer/fixture.h"

#include <libknot/libknot.h>

static void check_reply(const uint8_t *query, const uint8_t *reply, size_t n)
{
	uint8_t copy[RESPOND_BYTES_MAX];
	knot_pkt_t *packet;

	memcpy(copy, reply, n);
	packet = knot_pkt_new(copy, (uint16_t)n, NULL);
	must(packet != NULL);
	must(knot_pkt_parse(packet, 0) == KNOT_EOK);
	must(knot_wire_get_qr(copy) && memcmp(copy, query, 2) == 0);
	must(knot_wire_get_rcode(copy) == KNOT_RCODE_NOERROR || knot_wire_get_ancount(copy) == 0);
	knot_pkt_free(packet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fixture *fixture;
	struct ipaddr client = ip_from_u32(UINT32_C(0xc0000201));
	uint8_t reply[RESPOND_BYTES_MAX];
	size_t n;

	if (fixture == NULL) {
		fixture = malloc(sizeof *fixture);
		must(fixture != NULL);
		fixture_init(fixture);
	}
	n = respond(&fixture->responder, RESPOND_UDP, &client, data, size, reply);
	if (n > 0) {
		const struct dns_query *query = &fixture->responder.query;

		must(n <= dns_udp_limit(query));
		check_reply(data, reply, n);
	}
	n = respond(&fixture->responder, RESPOND_TCP, &client, data, size, reply);
	if (n > 0)
		check_reply(data, reply, n);
	n = respond_truncated(&fixture->responder, data, size, reply);
	if (n > 0) {
		must(n <= size);
		check_reply(data, reply, n);
	}
	return 0;
}
