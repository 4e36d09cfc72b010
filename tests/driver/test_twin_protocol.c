/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "driver/twin/protocol.h"

/* The first request in a text that holds one. */
static struct oac_twin_request request_of(const char *text)
{
    struct oac_twin_parser parser = {0};
    struct oac_twin_request request;
    size_t taken;
    cr_assert_eq(oac_twin_parse(&parser, strlen(text), (const uint8_t *)text, &taken, &request),
                 OAC_TWIN_REQUEST, "\"%s\" is not a request", text);
    return request;
}

static enum oac_twin_verb verb_of(const char *text)
{
    return request_of(text).verb;
}

Test(twin_protocol, every_request_is_understood)
{
    cr_expect_eq(verb_of("VERSION\r\n"), OAC_TWIN_VERSION);
    cr_expect_eq(verb_of("PRINT\r\n"), OAC_TWIN_PRINT);
    cr_expect_eq(verb_of("ZPRINT\n"), OAC_TWIN_ZPRINT);
    cr_expect_eq(verb_of("help\n"), OAC_TWIN_HELP);
    cr_expect_eq(verb_of("EXIT\r\n"), OAC_TWIN_EXIT);
    cr_expect_eq(request_of("TIMEOUT 2500\r\n").number, 2500u);
    struct oac_twin_request r = request_of("READ iio:device0 INPUT voltage0 raw\r\n");
    cr_expect(r.verb == OAC_TWIN_READ && r.scope == OAC_TWIN_INPUT);
    cr_expect_str_eq(r.device, "iio:device0");
    cr_expect_str_eq(r.channel, "voltage0");
    cr_expect_str_eq(r.attribute, "raw");
    r = request_of("READ m2k-adc BUFFER watermark\n");
    cr_expect(r.verb == OAC_TWIN_READ && r.scope == OAC_TWIN_BUFFER);
    r = request_of("READ m2k-adc \r\n");
    cr_expect(r.verb == OAC_TWIN_READ && r.scope == OAC_TWIN_DEVICE && !r.attribute[0]);
    r = request_of("WRITE d OUTPUT voltage1 scale 5\r\n");
    cr_expect(r.verb == OAC_TWIN_WRITE && r.scope == OAC_TWIN_OUTPUT && r.number == 5);
    r = request_of("WRITE d DEBUG direct_reg_access 3\n");
    cr_expect(r.verb == OAC_TWIN_WRITE && r.scope == OAC_TWIN_DEBUG && r.number == 3);
    r = request_of("SET d BUFFERS_COUNT 2\n");
    cr_expect(r.verb == OAC_TWIN_SET && r.number == 2);
    r = request_of("OPEN d 1024 80000000 CYCLIC\r\n");
    cr_expect(r.verb == OAC_TWIN_OPEN && r.number == 1024 && r.cyclic && r.mask.words == 1);
    cr_expect(oac_twin_mask_has(&r.mask, 31) && !oac_twin_mask_has(&r.mask, 0));
    cr_expect_eq(verb_of("CLOSE d\n"), OAC_TWIN_CLOSE);
    cr_expect_eq(request_of("READBUF d 4096\n").number, 4096u);
    cr_expect_eq(request_of("WRITEBUF d 1\n").number, 1u);
    cr_expect_eq(verb_of("GETTRIG d\n"), OAC_TWIN_GETTRIG);
    cr_expect_eq(verb_of("SETTRIG d\n"), OAC_TWIN_SETTRIG);
    cr_expect_str_eq(request_of("SETTRIG d t\n").attribute, "t");
}

Test(twin_protocol, a_line_that_makes_no_sense_is_bad_and_the_next_is_read)
{
    static const char *const lines[] = {
        "NONSENSE\n",
        "READ\n",
        "READ d INPUT\n",
        "READ d INPUT c a b\n",
        "WRITE d a\n",
        "WRITE d a -4\n",
        "WRITE d a 4x\n",
        "OPEN d 16\n",
        "OPEN d -16 00000001\n",
        "OPEN d 16 0000001\n",
        "OPEN d 16 0000000g\n",
        "OPEN d 16 0000000100000001000000010000000100000001\n",
        "OPEN d 16 00000001 ONCE\n",
        "READBUF d 99999999999999999999\n",
        "TIMEOUT\n",
        "TIMEOUT 1 2\n",
        "SET d SOMETHING 1\n",
        "a b c d e f g h i j\n",
        "VERSION \x01\n",
        "VER\rSION\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        cr_expect_eq(verb_of(lines[i]), OAC_TWIN_BAD, "%s", lines[i]);
    char text[3 * OAC_TWIN_LINE_BYTES];
    memset(text, 'x', sizeof text);
    memcpy(text + sizeof text - 10, "\nVERSION\n", 10);
    struct oac_twin_parser parser = {0};
    struct oac_twin_request request;
    size_t taken, more;
    cr_expect_eq(oac_twin_parse(&parser, sizeof text - 1, (uint8_t *)text, &taken, &request),
                 OAC_TWIN_REQUEST);
    cr_expect_eq(request.verb, OAC_TWIN_BAD);
    cr_expect_eq(oac_twin_parse(&parser, sizeof text - 1 - taken, (uint8_t *)text + taken,
                                &more, &request),
                 OAC_TWIN_REQUEST);
    cr_expect_eq(request.verb, OAC_TWIN_VERSION);
}

Test(twin_protocol, a_nul_spoils_its_line_alone)
{
    static const char text[] = "VERSION\0\nPRINT\n";
    struct oac_twin_parser parser = {0};
    struct oac_twin_request request;
    size_t taken, more;
    oac_twin_parse(&parser, sizeof text - 1, (const uint8_t *)text, &taken, &request);
    cr_expect_eq(request.verb, OAC_TWIN_BAD);
    oac_twin_parse(&parser, sizeof text - 1 - taken, (const uint8_t *)text + taken, &more,
                   &request);
    cr_expect_eq(request.verb, OAC_TWIN_PRINT);
}

Test(twin_protocol, an_empty_line_is_nothing)
{
    struct oac_twin_parser parser = {0};
    struct oac_twin_request request;
    size_t taken;
    cr_expect_eq(oac_twin_parse(&parser, 5, (const uint8_t *)"\r\n \n\n", &taken, &request),
                 OAC_TWIN_MORE);
    cr_expect_not(oac_twin_pending(&parser));
}

struct heard {
    struct oac_twin_parser parser;
    struct oac_twin_request request[16];
    size_t requests, used;
    char data[256];
};

static void hear(struct heard *heard, const char *piece, size_t count)
{
    while (count > 0) {
        struct oac_twin_request *request = &heard->request[heard->requests];
        size_t taken;
        enum oac_twin_event event =
            oac_twin_parse(&heard->parser, count, (const uint8_t *)piece, &taken, request);
        if (event == OAC_TWIN_DATA) {
            memcpy(heard->data + heard->used, piece, taken);
            heard->used += taken;
        }
        if (event == OAC_TWIN_REQUEST && request->verb == OAC_TWIN_WRITE)
            oac_twin_expect(&heard->parser, request->number);
        heard->requests += event == OAC_TWIN_REQUEST;
        piece += taken;
        count -= taken;
    }
}

/* A text that comes in pieces of 1 .. most bytes. */
static void understand(const char *text, uint64_t seed, size_t most, struct heard *heard)
{
    size_t length = strlen(text), at = 0;
    memset(heard, 0, sizeof *heard);
    for (uint64_t i = 0; at < length; i++) {
        size_t piece = 1 + (size_t)(oac_rng_uniform(seed, OAC_RNG_TEST, i, 0) * (double)most);
        piece = piece < length - at ? piece : length - at;
        hear(heard, text + at, piece);
        at += piece;
    }
}

Test(twin_protocol, how_bytes_are_cut_changes_nothing)
{
    static const char text[] =
        "VERSION\r\nWRITE d a 9\r\nab\ncd\r\nef\r\nOPEN d 16 00000003 CYCLIC\r\n\r\n"
        "rubbish\r\nREADBUF d 64\r\nEXIT\r\n";
    struct heard whole, cut;
    understand(text, 1, 200, &whole);
    cr_expect_eq(whole.requests, 6u);
    cr_expect_str_eq(whole.data, "ab\ncd\r\nef");
    for (uint64_t seed = 2; seed < 200; seed++) {
        understand(text, seed, 1 + seed % 13, &cut);
        cr_expect_eq(cut.requests, whole.requests);
        cr_expect_eq(memcmp(cut.request, whole.request, sizeof whole.request), 0);
        cr_expect_str_eq(cut.data, whole.data);
    }
}

Test(twin_protocol, masks_read_back_as_they_were_written)
{
    char text[OAC_TWIN_MASK_DIGITS + 1];
    struct oac_twin_mask mask;
    cr_assert(oac_twin_mask_parse("0000000180000002", &mask));
    cr_expect(mask.words == 2 && mask.word[0] == 0x80000002u && mask.word[1] == 1u);
    oac_twin_mask_format(&mask, text);
    cr_expect_str_eq(text, "0000000180000002");
    cr_expect(oac_twin_mask_has(&mask, 32) && oac_twin_mask_has(&mask, 1) &&
              !oac_twin_mask_has(&mask, 64));
}
