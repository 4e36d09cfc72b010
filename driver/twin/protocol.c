/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/twin/protocol.h"

#include <string.h>
#include <strings.h>

#define WORDS_MAX    7u
#define DIGITS_MAX   18u /* a number of so many digits fits 64 bits */
#define MASK_HEX     8u
#define LINE_ENDS_AT '\n'

struct words {
    size_t count;
    char *word[WORDS_MAX];
};

/* Cuts the line at its blanks. False when there are too many words or one is too long. */
static bool cut(char *line, struct words *words)
{
    char *rest = NULL;
    words->count = 0;
    for (char *word = strtok_r(line, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
        if (words->count == WORDS_MAX || strlen(word) >= OAC_TWIN_WORD_BYTES)
            return false;
        words->word[words->count++] = word;
    }
    return true;
}

static bool number(const char *text, uint64_t *value)
{
    size_t digits = strlen(text);
    uint64_t sum = 0;
    if (digits < 1 || digits > DIGITS_MAX)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        sum = 10 * sum + (uint64_t)(text[i] - '0');
    }
    *value = sum;
    return true;
}

static bool hex(const char *digits, uint32_t *word)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < MASK_HEX; i++) {
        char c = digits[i];
        uint32_t digit;
        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (uint32_t)(c - 'a') + 10u;
        else if (c >= 'A' && c <= 'F')
            digit = (uint32_t)(c - 'A') + 10u;
        else
            return false;
        sum = sum << 4 | digit;
    }
    *word = sum;
    return true;
}

bool oac_twin_mask_parse(const char *text, struct oac_twin_mask *mask)
{
    size_t digits = strlen(text), words = digits / MASK_HEX;
    if (digits % MASK_HEX != 0 || words < 1 || words > OAC_TWIN_MASK_WORDS)
        return false;
    struct oac_twin_mask read = {.words = words};
    for (size_t w = 0; w < words; w++)
        if (!hex(text + MASK_HEX * w, &read.word[words - 1 - w]))
            return false;
    *mask = read;
    return true;
}

void oac_twin_mask_format(const struct oac_twin_mask *mask,
                          char text[OAC_TWIN_MASK_DIGITS + 1u])
{
    static const char digit[] = "0123456789abcdef";
    char *at = text;
    for (size_t w = mask->words; w-- > 0;)
        for (unsigned shift = 32; shift > 0; shift -= 4)
            *at++ = digit[mask->word[w] >> (shift - 4) & 15u];
    *at = '\0';
}

static void copy(char to[OAC_TWIN_WORD_BYTES], const char *word)
{
    memcpy(to, word, strlen(word) + 1);
}

/* Words after the verb and device of READ and WRITE, `end` of them in all: [scope [channel]] [attribute]. */
static bool place(const struct words *words, size_t end, struct oac_twin_request *request)
{
    static const struct {
        const char *name;
        enum oac_twin_scope scope;
    } scopes[] = {{"DEBUG", OAC_TWIN_DEBUG},
                  {"BUFFER", OAC_TWIN_BUFFER},
                  {"INPUT", OAC_TWIN_INPUT},
                  {"OUTPUT", OAC_TWIN_OUTPUT}};
    size_t at = 2;
    request->scope = OAC_TWIN_DEVICE;
    for (size_t i = 0; at == 2 && at < end && i < sizeof scopes / sizeof scopes[0]; i++)
        if (strcasecmp(words->word[2], scopes[i].name) == 0) {
            request->scope = scopes[i].scope;
            at++;
        }
    if (request->scope == OAC_TWIN_INPUT || request->scope == OAC_TWIN_OUTPUT) {
        if (at == end)
            return false;
        copy(request->channel, words->word[at++]);
    }
    if (at < end)
        copy(request->attribute, words->word[at++]);
    return at == end;
}

static bool alone(const struct words *words, struct oac_twin_request *request)
{
    (void)request;
    return words->count == 1;
}

static bool with_number(const struct words *words, struct oac_twin_request *request)
{
    return words->count == 2 && number(words->word[1], &request->number);
}

static bool with_device(const struct words *words, struct oac_twin_request *request)
{
    (void)request;
    return words->count == 2;
}

static bool with_bytes(const struct words *words, struct oac_twin_request *request)
{
    return words->count == 3 && number(words->word[2], &request->number);
}

static bool read_place(const struct words *words, struct oac_twin_request *request)
{
    return words->count >= 2 && place(words, words->count, request);
}

static bool write_place(const struct words *words, struct oac_twin_request *request)
{
    return words->count >= 3 && number(words->word[words->count - 1], &request->number) &&
           place(words, words->count - 1, request);
}

static bool set_count(const struct words *words, struct oac_twin_request *request)
{
    return words->count == 4 && strcasecmp(words->word[2], "BUFFERS_COUNT") == 0 &&
           number(words->word[3], &request->number);
}

static bool set_trigger(const struct words *words, struct oac_twin_request *request)
{
    if (words->count == 3)
        copy(request->attribute, words->word[2]);
    return words->count == 2 || words->count == 3;
}

static bool open_buffer(const struct words *words, struct oac_twin_request *request)
{
    request->cyclic = words->count == 5 && strcasecmp(words->word[4], "CYCLIC") == 0;
    return (words->count == 4 || request->cyclic) && number(words->word[2], &request->number) &&
           oac_twin_mask_parse(words->word[3], &request->mask);
}

static const struct {
    const char *name;
    enum oac_twin_verb verb;
    bool (*rest)(const struct words *words, struct oac_twin_request *request);
} verbs[] = {
    {"VERSION", OAC_TWIN_VERSION, alone},
    {"PRINT", OAC_TWIN_PRINT, alone},
    {"ZPRINT", OAC_TWIN_ZPRINT, alone},
    {"HELP", OAC_TWIN_HELP, alone},
    {"EXIT", OAC_TWIN_EXIT, alone},
    {"TIMEOUT", OAC_TWIN_TIMEOUT, with_number},
    {"READ", OAC_TWIN_READ, read_place},
    {"WRITE", OAC_TWIN_WRITE, write_place},
    {"SET", OAC_TWIN_SET, set_count},
    {"GETTRIG", OAC_TWIN_GETTRIG, with_device},
    {"SETTRIG", OAC_TWIN_SETTRIG, set_trigger},
    {"OPEN", OAC_TWIN_OPEN, open_buffer},
    {"CLOSE", OAC_TWIN_CLOSE, with_device},
    {"READBUF", OAC_TWIN_READBUF, with_bytes},
    {"WRITEBUF", OAC_TWIN_WRITEBUF, with_bytes},
};

static void understand(char *line, struct oac_twin_request *request)
{
    struct words words;
    memset(request, 0, sizeof *request);
    if (!cut(line, &words) || words.count == 0)
        return;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcasecmp(words.word[0], verbs[i].name) != 0)
            continue;
        if (!verbs[i].rest(&words, request)) {
            memset(request, 0, sizeof *request);
            return;
        }
        request->verb = verbs[i].verb;
        if (words.count > 1 && request->verb != OAC_TWIN_TIMEOUT)
            copy(request->device, words.word[1]);
        return;
    }
}

static bool blank(const char *line)
{
    return line[strspn(line, " \t")] == '\0';
}

/* The line is complete: true when it is a request. */
static bool end_line(struct oac_twin_parser *parser, struct oac_twin_request *request)
{
    size_t used = parser->used;
    bool spoiled = parser->spoiled;
    parser->used = 0;
    parser->spoiled = false;
    if (used > 0 && parser->line[used - 1] == '\r')
        used--;
    parser->line[used] = '\0';
    if (spoiled) {
        memset(request, 0, sizeof *request);
        return true;
    }
    if (memchr(parser->line, '\r', used)) {
        memset(request, 0, sizeof *request);
        return true;
    }
    if (blank(parser->line))
        return false;
    understand(parser->line, request);
    return true;
}

static void take(struct oac_twin_parser *parser, uint8_t byte)
{
    bool control = (byte < 0x20 && byte != '\t' && byte != '\r') || byte == 0x7f;
    if (control || parser->used == OAC_TWIN_LINE_BYTES - 1) {
        parser->spoiled = true;
        return;
    }
    parser->line[parser->used++] = (char)byte;
}

enum oac_twin_event oac_twin_parse(struct oac_twin_parser *parser, size_t count,
                                   const uint8_t *bytes, size_t *taken,
                                   struct oac_twin_request *request)
{
    *taken = 0;
    if (parser->data_left > 0 && count > 0) {
        *taken = count < parser->data_left ? count : (size_t)parser->data_left;
        parser->data_left -= *taken;
        return OAC_TWIN_DATA;
    }
    while (*taken < count) {
        uint8_t byte = bytes[(*taken)++];
        if (byte != LINE_ENDS_AT)
            take(parser, byte);
        else if (end_line(parser, request))
            return OAC_TWIN_REQUEST;
    }
    return OAC_TWIN_MORE;
}

void oac_twin_expect(struct oac_twin_parser *parser, uint64_t count)
{
    parser->data_left = count;
}

bool oac_twin_pending(const struct oac_twin_parser *parser)
{
    return parser->used > 0 || parser->spoiled || parser->data_left > 0;
}
