/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the ADC of a virtual board shows of what its DACs play. Without noise, codes are compared
 * exactly with one
 * uncut segment of the waveform engine: cutting is exact to 1e-6 of a step, far below half a code
 * but at ties. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "sim/noise.h"
#include "tests/driver/twin_fixture.h"
#include "tests/driver/twin_uncut.h"

enum { PER_SLOT = TWIN_PER_SLOT, SCANS = TWIN_SCANS };

static struct twin_fixture fixture;
static struct twin_talk adc, dac[2];

static void set_up(void)
{
    twin_fixture_make(&fixture, OAC_NOISE_ADC, 7);
    twin_talk_open(fixture.twin, &adc);
    for (size_t i = 0; i < 2; i++)
        twin_talk_open(fixture.twin, &dac[i]);
}

static void tear_down(void)
{
    twin_talk_close(&adc);
    for (size_t i = 0; i < 2; i++)
        twin_talk_close(&dac[i]);
    twin_fixture_end(&fixture);
}

TestSuite(twin_playback, .init = set_up, .fini = tear_down);

static void open_dac(size_t d, size_t samples, bool cyclic)
{
    char text[80];
    snprintf(text, sizeof text, "OPEN m2k-dac-%c %zu 00000001%s\r\n", d ? 'b' : 'a', samples,
             cyclic ? " CYCLIC" : "");
    cr_assert_str_eq(twin_say(&dac[d], text), "0\n");
}

static void push(size_t d, size_t samples, const int16_t *word)
{
    char text[80];
    snprintf(text, sizeof text, "WRITEBUF m2k-dac-%c %zu\r\n", d ? 'b' : 'a', 2 * samples);
    cr_assert_str_eq(twin_say(&dac[d], text), "0\n");
    snprintf(text, sizeof text, "%zu\n", 2 * samples);
    cr_assert_str_eq(twin_say_bytes(&dac[d], word, 2 * samples), text);
}

static void open_adc(struct twin_talk *talk, size_t scans)
{
    char text[80];
    snprintf(text, sizeof text, "OPEN m2k-adc %zu 00000001\r\n", scans);
    cr_assert_str_eq(twin_say(talk, text), "0\n");
}

/* Reads scans of channel 0. */
static void capture(struct twin_talk *talk, size_t scans, int16_t *scan)
{
    char text[80];
    snprintf(text, sizeof text, "READBUF m2k-adc %zu\r\n", 2 * scans);
    const char *said = twin_say(talk, text), *at = said, *end = said + talk->bytes;
    size_t got = 0;
    while (at < end) {
        size_t bytes = strtoul(at, (char **)&at, 10);
        at += at == said ? 0 : 1;
        if (got == 0)
            at += 9;
        cr_assert(bytes > 0 && bytes <= (size_t)(end - at) && got + bytes <= 2 * scans);
        memcpy((uint8_t *)scan + got, at, bytes);
        got += bytes;
        at += bytes;
    }
    cr_assert_eq(got, 2 * scans);
}

/* The delay at which the captured scans are those wanted, or -1. */
static long delay_of(size_t count, const int16_t *got, size_t wanted_lead,
                     const int16_t *wanted)
{
    for (long delay = 0; delay < 60; delay++) {
        size_t differ = 0;
        for (size_t i = 0; i < count; i++)
            differ += got[(size_t)delay + i] != wanted[wanted_lead + i];
        if (differ == 0)
            return delay;
    }
    return -1;
}

static bool dark(size_t count, const int16_t *scan, int16_t level)
{
    for (size_t i = 0; i < count; i++)
        if (scan[i] != level)
            return false;
    return true;
}

enum { SLOTS = 40, CAPTURE = 60 * SCANS };

Test(twin_playback, a_one_shot_is_the_uncut_waveform_after_a_dark_lead_and_before_dark)
{
    int16_t a[SLOTS * PER_SLOT], b[SLOTS * PER_SLOT], got[CAPTURE], *wanted;
    size_t lead;
    twin_words(1, SLOTS, a);
    twin_words(2, SLOTS, b);
    twin_uncut(&fixture, SLOTS, a, b, &lead, &wanted);
    open_adc(&adc, CAPTURE);
    open_dac(0, SLOTS * PER_SLOT, false);
    open_dac(1, SLOTS * PER_SLOT, false);
    push(0, SLOTS * PER_SLOT, a);
    push(1, SLOTS * PER_SLOT, b);
    capture(&adc, CAPTURE, got);
    long delay = delay_of(SLOTS * SCANS, got, lead, wanted);
    cr_expect(delay >= (long)OAC_TWIN_LEAD_SCANS_MIN && delay <= (long)OAC_TWIN_LEAD_SCANS_MAX,
              "delay %ld", delay);
    cr_expect(dark((size_t)delay, got, wanted[0]));
    size_t end = (size_t)delay + (SLOTS + 8) * SCANS;
    cr_expect(dark(CAPTURE - end, got + end, wanted[0]));
    cr_expect_neq(got[delay + 100], wanted[0], "and not dark all along");
    free(wanted);
}

Test(twin_playback, pieces_as_a_client_likes_them_join_to_the_same_waveform)
{
    int16_t a[SLOTS * PER_SLOT], b[SLOTS * PER_SLOT], got[CAPTURE], *wanted;
    size_t lead, at = 0;
    twin_words(3, SLOTS, a);
    twin_words(4, SLOTS, b);
    twin_uncut(&fixture, SLOTS, a, b, &lead, &wanted);
    open_adc(&adc, CAPTURE);
    open_dac(0, SLOTS * PER_SLOT, false);
    open_dac(1, SLOTS * PER_SLOT, false);
    push(1, SLOTS * PER_SLOT, b);
    push(0, SLOTS * PER_SLOT, a);
    for (size_t i = 0; at < CAPTURE; i++) {
        size_t piece = 1 + i * 7 % 45;
        piece = piece < CAPTURE - at ? piece : CAPTURE - at;
        capture(&adc, piece, got + at);
        at += piece;
        if (at > (SLOTS + 10) * SCANS) /* the rest is dark and would wait for pushes */
            break;
    }
    cr_expect_geq(delay_of(SLOTS * SCANS, got, lead, wanted), 11);
    free(wanted);
}

Test(twin_playback, a_cyclic_buffer_of_any_length_repeats)
{
    enum {
        LENGTH = 300
    }; /* samples: 33 1/3 slots, so that every turn lies elsewhere on the slots */
    int16_t a[5 * LENGTH], b[5 * LENGTH], got[CAPTURE * 3], *wanted;
    size_t lead;
    twin_words(5, (LENGTH + PER_SLOT - 1) / PER_SLOT, a);
    twin_words(6, (LENGTH + PER_SLOT - 1) / PER_SLOT, b);
    for (size_t i = LENGTH; i < 5 * LENGTH; i++) {
        a[i] = a[i - LENGTH];
        b[i] = b[i - LENGTH];
    }
    twin_uncut(&fixture, 5 * LENGTH / PER_SLOT, a, b, &lead, &wanted);
    open_dac(0, LENGTH, true);
    open_dac(1, LENGTH, true);
    push(0, LENGTH, a);
    push(1, LENGTH, b);
    open_adc(&adc, CAPTURE);
    capture(&adc, 3 * CAPTURE, got);
    cr_expect_geq(delay_of(1900, got, lead, wanted), 11);
    free(wanted);
}

Test(twin_playback, the_lead_differs_from_run_to_run)
{
    int16_t a[SLOTS * PER_SLOT], b[SLOTS * PER_SLOT], got[CAPTURE], *wanted;
    size_t lead, kinds = 0;
    bool seen[64] = {false};
    twin_words(8, SLOTS, a);
    twin_words(9, SLOTS, b);
    twin_uncut(&fixture, SLOTS, a, b, &lead, &wanted);
    open_dac(0, SLOTS * PER_SLOT, false);
    open_dac(1, SLOTS * PER_SLOT, false);
    for (size_t run = 0; run < 12; run++) {
        open_adc(&adc, CAPTURE);
        push(0, SLOTS * PER_SLOT, a);
        push(1, SLOTS * PER_SLOT, b);
        capture(&adc, CAPTURE, got);
        long delay = delay_of(SLOTS * SCANS, got, lead, wanted);
        cr_assert(delay >= 11 && delay <= 35, "run %zu: %ld", run, delay);
        kinds += !seen[delay];
        seen[delay] = true;
        cr_assert_str_eq(twin_say(&adc, "CLOSE m2k-adc\r\n"), "0\n");
    }
    cr_expect_geq(kinds, 5u, "%zu leads in 12 runs", kinds);
    free(wanted);
}

Test(twin_playback, buffers_pushed_ahead_follow_without_a_gap)
{
    enum { HALF = SLOTS / 2 * PER_SLOT };
    int16_t a[SLOTS * PER_SLOT], b[SLOTS * PER_SLOT], got[CAPTURE], *wanted;
    size_t lead;
    twin_words(10, SLOTS, a);
    twin_words(11, SLOTS, b);
    twin_uncut(&fixture, SLOTS, a, b, &lead, &wanted);
    open_adc(&adc, CAPTURE);
    open_dac(0, HALF, false);
    open_dac(1, HALF, false);
    for (size_t i = 0; i < 2; i++) {
        push(0, HALF, a + i * HALF);
        push(1, HALF, b + i * HALF);
    }
    capture(&adc, CAPTURE, got);
    cr_expect_geq(delay_of(SLOTS * SCANS, got, lead, wanted), 11);
    free(wanted);
}

static unsigned long gaps(void)
{
    const char *said = twin_say(&adc, "READ m2k-dac-a DEBUG gaps\r\n");
    return strtoul(strchr(said, '\n') + 1, NULL, 10); /* behind the length */
}

/* Buffers of ten slots; a lead has one to three. */
Test(twin_playback, a_buffer_that_comes_too_late_is_counted)
{
    enum { TEN = 10 * PER_SLOT };
    int16_t word[TEN], got[CAPTURE];
    twin_words(1, 10, word);
    for (size_t d = 0; d < 2; d++)
        open_dac(d, TEN, false);
    open_adc(&adc, CAPTURE);
    for (size_t i = 0; i < 2; i++)
        for (size_t d = 0; d < 2; d++)
            push(d, TEN, word);
    cr_expect_eq(gaps(), 0);
    capture(&adc, 15 * SCANS, got);
    for (size_t d = 0; d < 2; d++)
        push(d, TEN, word);
    cr_expect_eq(gaps(), 0, "it follows the second");
    capture(&adc, CAPTURE, got);
    cr_expect_eq(gaps(), 1, "the next one is late already");
    for (size_t d = 0; d < 2; d++)
        push(d, TEN, word);
    cr_expect_eq(gaps(), 1);
    twin_say(&dac[0], "CLOSE m2k-dac-a\r\n");
    open_dac(0, TEN, false);
    cr_expect_eq(gaps(), 0);
}

static int span(size_t count, const int16_t *scan)
{
    int low = scan[0], high = scan[0];
    for (size_t i = 1; i < count; i++) {
        low = scan[i] < low ? scan[i] : low;
        high = scan[i] > high ? scan[i] : high;
    }
    return high - low;
}

Test(twin_playback, a_dac_that_comes_late_joins_another_that_streams)
{
    enum { HALF = SLOTS / 2 * PER_SLOT, PART = 5 * SCANS };
    int16_t a[SLOTS * PER_SLOT], got[PART];
    twin_words(14, SLOTS, a);
    open_adc(&adc, PART);
    open_dac(0, HALF, false);
    open_dac(1, HALF, false);
    push(0, HALF, a);
    push(0, HALF, a + HALF);
    capture(&adc, PART,
            got); /* the client's DAC rests: a tenth of the light at the very most */
    const int before = span(PART, got);
    push(1, HALF, a);
    capture(&adc, PART, got);
    cr_expect_gt(span(PART, got), 5 * before + 100, "%d codes, then %d", before,
                 span(PART, got));
}

Test(twin_playback, a_closed_dac_is_dark_and_so_is_the_bench_without_pushes)
{
    int16_t a[SLOTS * PER_SLOT], got[CAPTURE];
    open_adc(&adc, CAPTURE);
    capture(&adc, CAPTURE, got);
    const int16_t level = got[0];
    cr_expect(dark(CAPTURE, got, level));
    twin_words(12, SLOTS, a);
    for (size_t d = 0; d < 2; d++) {
        open_dac(d, SLOTS * PER_SLOT, true);
        push(d, SLOTS * PER_SLOT, a);
    }
    capture(&adc, CAPTURE, got);
    cr_expect_not(dark(CAPTURE, got, level));
    cr_expect_str_eq(twin_say(&dac[0], "CLOSE m2k-dac-a\r\n"), "0\n");
    cr_expect_str_eq(twin_say(&dac[1], "CLOSE m2k-dac-b\r\n"), "0\n");
    capture(&adc, CAPTURE, got);
    cr_expect(dark(CAPTURE - 10 * SCANS, got + 10 * SCANS, level),
              "dark once memory has passed");
}

Test(twin_playback, two_readers_see_the_same_scans)
{
    int16_t a[SLOTS * PER_SLOT], got[CAPTURE], again[CAPTURE];
    struct twin_talk other;
    twin_words(13, SLOTS, a);
    twin_talk_open(fixture.twin, &other);
    open_adc(&adc, CAPTURE);
    open_adc(&other, CAPTURE);
    for (size_t d = 0; d < 2; d++) {
        open_dac(d, SLOTS * PER_SLOT, false);
        push(d, SLOTS * PER_SLOT, a);
    }
    capture(&adc, CAPTURE, got);
    capture(&other, CAPTURE, again);
    cr_expect_eq(memcmp(got, again, sizeof got), 0);
    cr_expect_not(dark(CAPTURE, got, got[0]));
    twin_talk_close(&other);
}
