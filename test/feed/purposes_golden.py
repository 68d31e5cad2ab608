#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the guard lists and tables of routes beside the project hold, by other means than ours.

Counts with Python's json, csv and ipaddress alone; writes test/feed/purposes.golden, with which
test_shared_purposes.c compares what the formats read. Run by hand when the data change:
    test/feed/purposes_golden.py ../shared/data > test/feed/purposes.golden
"""
import csv
import gzip
import io
import ipaddress
import json
import lzma
import os
import re
import sys

WIDEST = {4: 8, 6: 16}
ADDRESSES = {'ip-src', 'ip-dst', 'ip-src|port', 'ip-dst|port', 'domain|ip'}
NAMES = {'domain', 'hostname', 'domain|ip', 'hostname|port'}
URLS = {'url', 'uri', 'link'}
HASH = re.compile('(filename[|])?(md5|sha[0-9]+)$')


def text_of(path):
    with open(path, 'rb') as file:
        data = file.read()
    if path.endswith('.xz'):
        data = lzma.decompress(data)
    if path.endswith('.gz'):
        data = gzip.decompress(data)
    return data.decode()


def network(text):
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def fits(net):
    return net.prefixlen >= WIDEST[net.version]


def is_name(text):
    labels = text.removesuffix('.').split('.')
    # a number on top is what is left of an address
    return len(text) <= 253 and not labels[-1].isdigit() and all(
        0 < len(label) <= 63 and (not label.isascii() or re.fullmatch('[A-Za-z0-9_-]+', label))
        for label in labels)


def is_hash(text):
    return re.fullmatch('[0-9a-fA-F]+', text) and len(text) in (32, 40, 56, 64, 96, 128)


def hostname(text, of_addresses, found):
    text = text.strip('.').lower()
    net = network(text)
    if net is not None and '/' not in text:
        if of_addresses:
            found['ip'].add(net)
    elif is_name(text) and '.' in text:
        found['hostname'].add(text)


def warning_list(data):
    about = set(data['matching_attributes'])
    of_addresses = bool(about & ADDRESSES)
    of_names = bool(about & NAMES)
    of_urls = bool(about & URLS)
    of_hashes = any(HASH.match(word) for word in about)
    found = {'ip': set(), 'string': set(), 'hostname': set(), 'substring': set()}
    kind = data['type']
    if kind == 'cidr' and not of_addresses or kind != 'cidr' and not (of_names or of_urls or of_hashes):
        return 'unsupported'
    for entry in data['list']:
        net = network(entry)
        if kind == 'cidr':
            if net is not None and fits(net):
                found['ip'].add(net)
        elif kind == 'hostname':
            hostname(entry, of_addresses, found)
        elif kind == 'substring':
            found['substring'].add(entry.lower())
        elif of_addresses and net is not None and '/' not in entry:
            found['ip'].add(net)
        elif of_names and entry[0] == '.':
            hostname(entry, of_addresses, found)
        elif of_names and is_name(entry) or of_urls or is_hash(entry):
            found['string'].add(entry.lower())
    return ' '.join(f'{key}={len(value)}' for key, value in found.items())


def range_nets(first, last):
    nets = list(ipaddress.summarize_address_range(
        ipaddress.ip_address(first), ipaddress.ip_address(last)))
    return nets if all(fits(net) for net in nets) else []


def routes_of_json(data):
    for roa in data.get('roas', []):
        yield network(roa['prefix']), int(str(roa['asn']).removeprefix('AS'))
    for roa in data.get('locallyAddedAssertions', {}).get('prefixAssertions', []):
        yield network(roa['prefix']), roa['asn']
    for family in data.get('prefixes', {}).values():
        for prefix in family:
            yield network(prefix), 0
    for member in data.get('member_list', []):
        for connection in member['connection_list']:
            for vlan in connection['vlan_list']:
                for family in ('ipv4', 'ipv6'):
                    if 'address' in vlan.get(family, {}):
                        yield network(vlan[family]['address']), member['asnum']


def routes_of_lines(text, name):
    if 'csv' in name:
        for first, last, asn, *_ in csv.reader(io.StringIO(text)):
            for net in range_nets(first, last):
                yield net, int(asn)
        return
    for line in text.splitlines():
        fields = line.split('|')
        if len(fields) < 2:
            if not line.startswith('#'):
                yield network(line.strip()), 0
        elif fields[2] == 'ipv4' and fields[1] != '*':
            first = ipaddress.ip_address(fields[3])
            for net in range_nets(fields[3], first + int(fields[4]) - 1):
                yield net, 0
        elif fields[2] == 'ipv6' and fields[1] != '*':
            yield network(fields[3] + '/' + fields[4]), 0


def routes(text, name):
    told = {}
    source = routes_of_json(json.loads(text)) if '.json' in name else routes_of_lines(text, name)
    for net, asn in source:
        if net is None or not fits(net):
            continue
        mine = told.get(net, 0)
        if mine == 0 or asn != 0 and str(asn) < str(mine):
            told[net] = asn
    known = [asn for asn in told.values() if asn != 0]
    return f'prefixes={len(told)} known={len(known)} sum={sum(known)}'


def main(root):
    for name in sorted(os.listdir(root + '/bgp')):
        if not name.startswith('tor_'):
            print('bgp/' + name, routes(text_of(f'{root}/bgp/{name}'), name))
    for name in sorted(os.listdir(root + '/fpguard')):
        if name.startswith('wl_'):
            print('fpguard/' + name,
                  warning_list(json.loads(text_of(f'{root}/fpguard/{name}'))))


main(sys.argv[1])
