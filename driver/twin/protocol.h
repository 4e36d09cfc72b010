/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client's half of the IIOD text protocol, version 0.x: bytes in, requests out. No sockets, no devices, no
 * allocation; memory is one struct whatever a client sends.
 *
 *     line     words between blanks, ended by "\n" or "\r\n"; an empty line is nothing
 *     data     after WRITE and an accepted WRITEBUF the session says how many bytes follow
 * A line with a NUL or other control character, a word or number too long, too many or too few words, or longer
 * than OAC_TWIN_LINE_BYTES is one request of verb OAC_TWIN_BAD (answered by -EINVAL); what follows
 * its end is read
 * as usual. How the bytes are cut into calls changes nothing.
 * Source: behaviour of libiio 0.24 (client) and its iiod, observed over TCP. */
#ifndef OAC_DRIVER_TWIN_PROTOCOL_H
#define OAC_DRIVER_TWIN_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OAC_TWIN_LINE_BYTES 1024u
#define OAC_TWIN_WORD_BYTES 128u
#define OAC_TWIN_MASK_WORDS 4u /* of 32 channels */

enum oac_twin_verb {
    OAC_TWIN_BAD,
    OAC_TWIN_VERSION,
    OAC_TWIN_PRINT,
    OAC_TWIN_ZPRINT,
    OAC_TWIN_HELP,
    OAC_TWIN_EXIT,
    OAC_TWIN_TIMEOUT,  /* number: ms */
    OAC_TWIN_READ,     /* device scope [channel] [attribute] */
    OAC_TWIN_WRITE,    /* the same, number: bytes of the value that follow */
    OAC_TWIN_SET,      /* device, number: kernel buffers */
    OAC_TWIN_GETTRIG,  /* device */
    OAC_TWIN_SETTRIG,  /* device [attribute: trigger] */
    OAC_TWIN_OPEN,     /* device, number: samples, mask, cyclic */
    OAC_TWIN_CLOSE,    /* device */
    OAC_TWIN_READBUF,  /* device, number: bytes */
    OAC_TWIN_WRITEBUF, /* device, number: bytes */
    OAC_TWIN_VERBS
};

enum oac_twin_scope {
    OAC_TWIN_DEVICE,
    OAC_TWIN_DEBUG,
    OAC_TWIN_BUFFER,
    OAC_TWIN_INPUT,
    OAC_TWIN_OUTPUT
};

struct oac_twin_mask { /* word w, bit b: channel 32 w + b */
    size_t words;
    uint32_t word[OAC_TWIN_MASK_WORDS];
};

struct oac_twin_request {
    enum oac_twin_verb verb;
    enum oac_twin_scope scope;
    char device[OAC_TWIN_WORD_BYTES], channel[OAC_TWIN_WORD_BYTES],
        attribute[OAC_TWIN_WORD_BYTES]; /* attribute "": all of them */
    uint64_t number;
    struct oac_twin_mask mask;
    bool cyclic;
};

struct oac_twin_parser { /* zeroed: ready */
    char line[OAC_TWIN_LINE_BYTES];
    size_t used;
    bool spoiled;       /* the line is too long or holds what no line may */
    uint64_t data_left; /* bytes of data before the next line */
};

enum oac_twin_event {
    OAC_TWIN_MORE,    /* everything was taken, nothing is complete */
    OAC_TWIN_REQUEST, /* *request is filled */
    OAC_TWIN_DATA     /* bytes[0 .. *taken - 1] are data */
};

/* Takes the next piece of (count) bytes: *taken of them were used. Call again with the rest. */
enum oac_twin_event oac_twin_parse(struct oac_twin_parser *parser, size_t count,
                                   const uint8_t *bytes, size_t *taken,
                                   struct oac_twin_request *request);

/* The next `count` bytes are data. */
void oac_twin_expect(struct oac_twin_parser *parser, uint64_t count);

/* A line or data have begun and are not complete. */
bool oac_twin_pending(const struct oac_twin_parser *parser);

/* text (OAC_TWIN_MASK_DIGITS + 1): 8 hex digits a word, most significant word first. */
#define OAC_TWIN_MASK_DIGITS (8u * OAC_TWIN_MASK_WORDS)
void oac_twin_mask_format(const struct oac_twin_mask *mask,
                          char text[OAC_TWIN_MASK_DIGITS + 1u]);
bool oac_twin_mask_parse(const char *text, struct oac_twin_mask *mask);

static inline bool oac_twin_mask_has(const struct oac_twin_mask *mask, size_t channel)
{
    return channel / 32 < mask->words && (mask->word[channel / 32] >> (channel % 32) & 1u);
}

#endif
