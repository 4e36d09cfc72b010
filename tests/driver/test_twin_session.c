/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a virtual board answers, request by request, without sockets. */
#include <criterion/criterion.h>
#include <string.h>

#include "sim/noise.h"
#include "tests/driver/twin_fixture.h"

static struct twin_fixture fixture;
static struct twin_talk talk;

static void set_up(void)
{
    twin_fixture_make(&fixture, OAC_NOISE_NONE, 1);
    twin_talk_open(fixture.twin, &talk);
}

static void tear_down(void)
{
    twin_talk_close(&talk);
    twin_fixture_end(&fixture);
}

TestSuite(twin_session, .init = set_up, .fini = tear_down);

static void expect(const char *says, const char *answers)
{
    const char *said = twin_say(&talk, says);
    cr_expect_str_eq(said, answers, "%s is answered %s", says, said);
    cr_expect_eq(talk.bytes, strlen(answers));
}

Test(twin_session, errors_are_those_of_iiod)
{
    expect("ZPRINT\r\n", "-22\n");
    expect("RUBBISH\r\n", "-22\n");
    expect("\r\n", "");
    expect("READ nobody x\r\n", "-19\n");
    expect("READ m2k-fabric INPUT voltage9 gain\r\n", "-6\n");
    expect("READ m2k-adc no_such\r\n", "-2\n");
    expect("GETTRIG m2k-adc\r\n", "-2\n");
    expect("SETTRIG m2k-adc\r\n", "0\n");
    expect("GETTRIG nobody\r\n", "-19\n");
    expect("CLOSE m2k-adc\r\n", "-9\n");
    expect("READBUF m2k-adc 16\r\n", "-9\n");
    expect("WRITEBUF m2k-dac-a 16\r\n", "-9\n");
    expect("TIMEOUT 5000\r\n", "0\n");
    expect("SET m2k-dac-a BUFFERS_COUNT 2\r\n", "0\n");
    expect("SET m2k-dac-a BUFFERS_COUNT 0\r\n", "-22\n");
}

Test(twin_session, a_value_is_counted_with_its_nul)
{
    const char *said = twin_say(&talk, "READ m2k-adc oversampling_ratio\r\n");
    cr_expect_eq(talk.bytes, 5u);
    cr_expect_eq(memcmp(said, "2\n1\0\n", 5), 0);
}

Test(twin_session, a_refused_value_is_taken_off_the_line)
{
    expect("WRITE m2k-adc oversampling_ratio 3\r\nabcWRITE m2k-adc no_such 2\r\nhiVERSION\r\n",
           "-22\n-2\n0.24.v0.24  \n");
    expect("WRITE m2k-adc sampling_frequency_available 1\r\n1", "-13\n");
    expect("WRITE m2k-adc oversampling_ratio 0\r\n", "-22\n");
    expect("WRITE nobody x 4\r\nabcd\r\n", "-19\n");
    expect("WRITE m2k-adc oversampling_ratio 2\r\n4\n", "2\n");
    const char *said = twin_say(&talk, "READ m2k-adc oversampling_ratio\r\n");
    cr_expect_eq(memcmp(said, "2\n4\0\n", 5), 0);
    said = twin_say(&talk, "WRITE m2k-adc oversampling_ratio 2000000\r\n");
    cr_expect_not(talk.alive, "two megabytes are no value: nobody knows where they end");
}

Test(twin_session, a_rate_reads_back_as_what_the_rig_runs_at)
{
    expect("WRITE m2k-adc sampling_frequency 7\r\n1000000", "7\n");
    const char *said = twin_say(&talk, "READ m2k-adc sampling_frequency\r\n");
    cr_expect_eq(memcmp(said, "10\n100000000", 12), 0, "%s", said);
}

Test(twin_session, all_attributes_come_with_lengths_padded_to_four)
{
    const char *said = twin_say(&talk, "READ m2k-fabric INPUT voltage0 \r\n");
    static const char wanted[] = "12\n\0\0\0\5high\0\0\0\0\n";
    cr_expect_eq(talk.bytes, sizeof wanted - 1);
    cr_expect_eq(memcmp(said, wanted, sizeof wanted - 1), 0);
}

Test(twin_session, masks_that_fit_no_scan_are_refused)
{
    expect("OPEN m2k-adc 64 00000000\r\n", "-22\n");
    expect("OPEN m2k-adc 64 0000000000000001\r\n", "-22\n");
    expect("OPEN m2k-adc 64 00000004\r\n", "-22\n");
    expect("OPEN m2k-fabric 64 00000001\r\n", "-22\n");
    expect("OPEN m2k-adc 0 00000001\r\n", "-22\n");
    expect("OPEN m2k-adc 99999999999 00000001\r\n", "-12\n");
    expect("OPEN m2k-adc 64 00000001 CYCLIC\r\n", "-1\n");
    expect("OPEN m2k-adc 64 00000001\r\n", "0\n");
    expect("OPEN m2k-adc 64 00000001\r\n", "-16\n");
    expect("WRITEBUF m2k-adc 64\r\n", "-22\n");
    expect("CLOSE m2k-adc\r\n", "0\n");
}

Test(twin_session, a_read_brings_the_mask_once_and_then_the_bytes)
{
    expect("OPEN m2k-adc 64 00000001\r\n", "0\n");
    const char *said = twin_say(&talk, "READBUF m2k-adc 128\r\n");
    static const char head[] = "128\n00000001\n";
    cr_expect_eq(memcmp(said, head, sizeof head - 1), 0);
    cr_expect_eq(talk.bytes, sizeof head - 1 + 128);
}

Test(twin_session, a_second_client_widens_the_layout_for_both)
{
    struct twin_talk other;
    twin_talk_open(fixture.twin, &other);
    expect("OPEN m2k-adc 64 00000001\r\n", "0\n");
    cr_expect_str_eq(twin_say(&other, "OPEN m2k-adc 64 00000002\r\n"), "0\n");
    const char *said = twin_say(&talk, "READBUF m2k-adc 128\r\n");
    cr_expect_eq(memcmp(said, "128\n00000003\n", 13), 0);
    twin_talk_close(&other);
}

Test(twin_session, an_output_belongs_to_one_client_until_it_goes)
{
    struct twin_talk other;
    twin_talk_open(fixture.twin, &other);
    cr_expect_str_eq(twin_say(&other, "OPEN m2k-dac-a 64 00000001 CYCLIC\r\n"), "0\n");
    expect("OPEN m2k-dac-a 64 00000001\r\n", "-16\n");
    twin_talk_close(&other);
    expect("OPEN m2k-dac-a 64 00000001\r\n", "0\n");
}

Test(twin_session, a_cyclic_buffer_takes_one_push)
{
    char push[128 + 64];
    int head = snprintf(push, sizeof push, "WRITEBUF m2k-dac-a 128\r\n");
    memset(push + head, 0, 128);
    expect("OPEN m2k-dac-a 64 00000001 CYCLIC\r\n", "0\n");
    cr_expect_str_eq(twin_say_bytes(&talk, push, (size_t)head + 128), "0\n128\n");
    expect("WRITEBUF m2k-dac-a 128\r\n", "-16\n");
    expect("WRITEBUF m2k-dac-a 130\r\n", "-22\n");
    expect("WRITEBUF m2k-dac-a 1\r\n", "-22\n");
    expect("READBUF m2k-dac-a 128\r\n", "-22\n");
}

Test(twin_session, faults_strike_when_they_were_asked_for)
{
    struct oac_err err;
    static const char *const texts[] = {"drop:1",  "ebusy:2", "nocyclic",
                                        "short:2", "mask:1",  "wider:3"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        twin_require(oac_twin_fault_parse(texts[i], &fixture.faults, &err), &err);
    expect("READ m2k-adc oversampling_ratio\r\n", "");
    expect("OPEN m2k-dac-a 64 00000001 CYCLIC\r\n", "-1\n");
    expect("OPEN m2k-adc 64 00000001\r\n", "-16\n");
    expect("OPEN m2k-adc 64 00000001\r\n", "0\n");
    cr_expect_eq(memcmp(twin_say(&talk, "READBUF m2k-adc 8\r\n"), "8\nfffffffe\n", 11), 0);
    const char *said = twin_say(&talk, "READBUF m2k-adc 8\r\n");
    cr_expect_eq(talk.bytes, 2u + 9u + 4u + 2u);
    cr_expect_eq(memcmp(said, "4\n00000001\n", 11), 0);
    cr_expect_eq(memcmp(said + 15, "0\n", 2), 0);
    cr_expect_eq(memcmp(twin_say(&talk, "READBUF m2k-adc 8\r\n"), "8\n00000003\n", 11), 0);
}

Test(twin_session, the_connection_ends_after_so_many_bytes)
{
    struct oac_err err;
    twin_require(oac_twin_fault_parse("close:100", &fixture.faults, &err), &err);
    twin_say(&talk, "PRINT\r\n");
    cr_expect_not(talk.alive);
    cr_expect_eq(talk.bytes, 100u);
}

Test(twin_session, a_fault_that_nobody_knows_is_refused)
{
    static const char *const texts[] = {
        "",         "drop",     "drop:",  "drop:0",     "drop:-1",
        "drop:1:2", "delay:1:", "late:3", "delay:1:2:3"};
    struct oac_twin_faults faults = {0};
    struct oac_err err;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        cr_expect_eq(oac_twin_fault_parse(texts[i], &faults, &err), OAC_EUSAGE, "%s", texts[i]);
}
