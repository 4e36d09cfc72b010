/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever a client sends: the parser and the whole conversation behind it, as libFuzzer (or the test
 * beside this file) makes it up. The first byte says into how long pieces the rest is cut. It aborts when
 * how the bytes are cut changes what is parsed, or when a device is left in use. Build and run:
 * docs/virtual-bench.md. */
#include <stddef.h>
#include <stdint.h>

#include "sim/noise.h"
#include "tests/driver/fuzz_iiod.h"
#include "tests/driver/twin_fixture.h"

#define ANSWER_BYTES_MAX 65536u

struct sink {
    size_t sent;
    unsigned sum;
};

static bool keep(void *context, const void *bytes, size_t count)
{
    struct sink *sink = context;
    const uint8_t *byte = bytes;
    for (size_t i = 0; i < count; i++) /* reads every byte that would be sent */
        sink->sum = 31 * sink->sum + byte[i];
    sink->sent += count;
    return sink->sent < ANSWER_BYTES_MAX;
}

/* One twin for all inputs: what a conversation leaves behind is a fault too. Reads on a bench where nobody plays
 * take their 50 ms, so most inputs meet one that has been stopped, where nothing waits. */
static struct oac_twin *twin_of(bool stopped)
{
    static struct twin_fixture fixture[2];
    struct twin_fixture *one = &fixture[stopped];
    if (!one->twin) {
        twin_fixture_make(one, OAC_NOISE_NONE, 1);
        if (stopped)
            oac_twin_playback_stop(one->twin->playback);
    }
    return one->twin;
}

static void converse(struct oac_twin *twin, size_t piece, size_t count, const uint8_t *bytes)
{
    struct sink sink = {0};
    const struct oac_twin_peer peer = {.context = &sink, .send = keep};
    struct oac_twin_session *session;
    struct oac_err err;
    twin_require(oac_twin_session_open(twin, &peer, &session, &err), &err);
    while (count > 0) {
        size_t now = piece < count ? piece : count;
        if (!oac_twin_session_take(session, now, bytes))
            break;
        bytes += now;
        count -= now;
    }
    oac_twin_session_close(session);
    for (size_t d = 0; d < twin->devices->count; d++)
        if (twin->sharing[d].users != 0)
            abort();
}

/* FNV-1a. */
static uint64_t sum_on(uint64_t sum, size_t count, const void *bytes)
{
    const uint8_t *byte = bytes;
    for (size_t i = 0; i < count; i++)
        sum = (sum ^ byte[i]) * 1099511628211u;
    return sum;
}

static uint64_t parse_piece(struct oac_twin_parser *parser, uint64_t sum, size_t left,
                            const uint8_t *bytes)
{
    while (left > 0) {
        struct oac_twin_request request;
        size_t taken;
        enum oac_twin_event event = oac_twin_parse(parser, left, bytes, &taken, &request);
        if (event == OAC_TWIN_REQUEST)
            sum = sum_on(sum, sizeof request, &request);
        if (event == OAC_TWIN_REQUEST && request.verb == OAC_TWIN_WRITE)
            oac_twin_expect(parser, request.number % 64);
        if (event == OAC_TWIN_DATA)
            sum = sum_on(sum, taken, bytes);
        bytes += taken;
        left -= taken;
    }
    return sum;
}

/* A sum over all requests and data, in pieces; what writes is followed by data. */
static uint64_t parsed(size_t piece, size_t count, const uint8_t *bytes)
{
    struct oac_twin_parser parser = {0};
    uint64_t sum = 1469598103934665603u;
    for (size_t at = 0; at < count; at += piece) {
        size_t now = piece < count - at ? piece : count - at;
        sum = parse_piece(&parser, sum, now, bytes + at);
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    if (count < 1)
        return 0;
    size_t piece = 1 + bytes[0] % 61u;
    bool stopped = bytes[0] != 0xff;
    if (parsed(piece, count - 1, bytes + 1) != parsed(count, count - 1, bytes + 1))
        abort();
    converse(twin_of(stopped), piece, count - 1, bytes + 1);
    return 0;
}
