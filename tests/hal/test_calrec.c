/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/h5.h"
#include "hal/calrec.h"
#include "tests/support/tmpdir.h"

Test(calrec, a_curve_swings_from_one_to_its_extinction_over_vpi)
{
    const struct oac_curve curve = {4.0, 1.5, 0.01};
    cr_assert_float_eq(oac_curve_transmission(&curve, 1.5), 1.0, 1e-15);
    cr_assert_float_eq(oac_curve_transmission(&curve, 5.5), 0.01, 1e-15);
    cr_assert_float_eq(oac_curve_transmission(&curve, -2.5), 0.01, 1e-15);
    cr_assert_float_eq(oac_curve_transmission(&curve, 3.5), 0.505, 1e-15);
}

Test(calrec, voltage_is_the_inverse_of_transmission_on_both_sides)
{
    const struct oac_curve curve = {4.0, 1.5, 0.01};
    for (int i = 0; i <= 100; i++) {
        double t = 0.01 + 0.0099 * i;
        double rising_v = oac_curve_voltage(&curve, t, 0);
        double falling_v = oac_curve_voltage(&curve, t, 1);
        cr_assert(rising_v >= -2.5 - 1e-12 && rising_v <= 1.5 + 1e-12);
        cr_assert(falling_v >= 1.5 - 1e-12 && falling_v <= 5.5 + 1e-12);
        cr_assert_float_eq(oac_curve_transmission(&curve, rising_v), t, 1e-14);
        cr_assert_float_eq(oac_curve_transmission(&curve, falling_v), t, 1e-14);
    }
    cr_assert_float_eq(oac_curve_voltage(&curve, -1.0, 0), -2.5, 1e-12); /* clamped */
    cr_assert_float_eq(oac_curve_voltage(&curve, 7.0, 1), 1.5, 1e-12);
}

static struct oac_calrec *some_calrec(void)
{
    struct oac_err err;
    struct oac_calrec *calrec = NULL;
    cr_assert_eq(oac_calrec_create(3, &calrec, &err), OAC_OK);
    strcpy(calrec->origin, "measured");
    strcpy(calrec->device_id, "bench 7");
    strcpy(calrec->firmware, "v0.39 a1b2");
    strcpy(calrec->date_utc, "2026-11-28T12:00:00Z");
    calrec->forced = true;
    calrec->slot_rate_hz = 5e6;
    calrec->skew_s = -3.5e-9;
    calrec->reference_slots = 96;
    calrec->last_slot0 = 0xfedcba9876543210u; /* needs all 64 bits */
    calrec->client = (struct oac_curve){5.0, 0.1, 0.001};
    for (size_t i = 0; i < 32; i++)
        calrec->rig_hash[i] = (uint8_t)(7 * i + 1);
    for (size_t k = 0; k < 3; k++)
        calrec->channel[k] = (struct oac_calrec_channel){
            .weight = {4.0 + (double)k, -0.3, 0.003},
            .gain_code = 11.0 / 3.0 + (double)k,
            .gain_minus_code = 3.5,
            .offset_code = -17.25,
            .dark_code_per_slot = 0.125,
            .gx_code_per_x = 1e-7,
            .offset_pair_code = 2.0,
            .dark_pair_code_per_slot = -0.5,
            .gx_pair_code_per_x = -1e-9,
            .noise_code = k == 1 ? NAN : 0.75,
            .quadratic_per_code = 1e-6 * (double)k,
            .cubic_per_code2 = -1e-11,
            .excluded = k == 2,
        };
    calrec->finding[0] =
        (struct oac_calrec_finding){0.25, 0.5, 1.5, 600.0, 1e-9, -2e-9, 100.0, 900.0};
    calrec->setting[1].value[OAC_BIAS_WEIGHT_V] = -1.25;
    calrec->setting[0].value[OAC_RX_GAIN] = 2.0;
    cr_assert_eq(oac_calrec_need_crosstalk(calrec, &err), OAC_OK);
    for (size_t i = 0; i < 9; i++)
        if (i % 4)
            calrec->crosstalk[i] = 0.001 * (double)i;
    return calrec;
}

Test(calrec, what_is_written_reads_back_bit_by_bit)
{
    struct oac_err err;
    char directory[OAC_TEST_DIR_BYTES], path[300];
    struct oac_calrec *calrec = some_calrec(), *read = NULL;
    oac_test_dir_make(directory);
    oac_test_dir_path(directory, "calibration.h5", path);
    cr_assert_eq(oac_calrec_write(calrec, path, "oac test", &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_calrec_read(path, &read, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(read->channels, 3);
    cr_assert_str_eq(read->origin, "measured");
    cr_assert_str_eq(read->device_id, "bench 7");
    cr_assert_eq(read->last_slot0, calrec->last_slot0);
    cr_assert_eq(memcmp(read->rig_hash, calrec->rig_hash, 32), 0);
    cr_assert_eq(memcmp(&read->client, &calrec->client, sizeof read->client), 0);
    cr_assert_str_eq(read->firmware, calrec->firmware);
    cr_assert_str_eq(read->date_utc, calrec->date_utc);
    cr_assert(read->forced);
    cr_assert_eq(read->reference_slots, 96);
    cr_assert_eq(memcmp(&read->slot_rate_hz, &calrec->slot_rate_hz, sizeof(double)), 0);
    cr_assert_eq(memcmp(&read->skew_s, &calrec->skew_s, sizeof(double)), 0);
    cr_assert(isnan(read->channel[1].noise_code));
    cr_assert(isnan(read->finding[2].parked_t));
    cr_assert(isnan(read->setting[2].value[OAC_LASER_DBM]));
    cr_assert_eq(memcmp(read->channel, calrec->channel, 3 * sizeof *read->channel), 0);
    cr_assert_eq(memcmp(read->finding, calrec->finding, 3 * sizeof *read->finding), 0);
    cr_assert_eq(memcmp(read->setting, calrec->setting, 3 * sizeof *read->setting), 0);
    cr_assert_eq(memcmp(read->crosstalk, calrec->crosstalk, 9 * sizeof(double)), 0);
    oac_calrec_destroy(read);
    oac_calrec_destroy(calrec);
    oac_test_dir_remove(directory);
}

Test(calrec, a_record_that_makes_no_sense_is_not_written)
{
    struct oac_err err;
    char directory[OAC_TEST_DIR_BYTES], path[300];
    oac_test_dir_make(directory);
    oac_test_dir_path(directory, "calibration.h5", path);
    struct oac_calrec *calrec = some_calrec();
    calrec->channel[2].weight.vpi_v = NAN;
    cr_assert_eq(oac_calrec_write(calrec, path, NULL, &err), OAC_EINVAL);
    cr_assert_neq(strstr(err.message, "weight_vpi_v[2] = nan"), NULL, "%s", err.message);
    cr_assert_eq(oac_test_dir_entries(directory), 0, "nothing half-written is left behind");
    oac_calrec_destroy(calrec);
    oac_test_dir_remove(directory);
}

Test(calrec, a_record_without_crosstalk_has_none_in_its_file)
{
    struct oac_err err;
    char directory[OAC_TEST_DIR_BYTES], path[300];
    struct oac_calrec *calrec = some_calrec(), *read = NULL;
    free(calrec->crosstalk);
    calrec->crosstalk = NULL;
    oac_test_dir_make(directory);
    oac_test_dir_path(directory, "calibration.h5", path);
    cr_assert_eq(oac_calrec_write(calrec, path, NULL, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_calrec_read(path, &read, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(read->crosstalk, NULL);
    oac_calrec_destroy(read);
    oac_calrec_destroy(calrec);
    oac_test_dir_remove(directory);
}

Test(calrec, a_copy_shares_nothing_and_holds_the_same)
{
    struct oac_err err;
    struct oac_calrec *calrec = some_calrec(), *copy = NULL;
    cr_assert_eq(oac_calrec_copy(calrec, &copy, &err), OAC_OK);
    calrec->crosstalk[1] = 0.5;
    calrec->setting[1].value[OAC_BIAS_WEIGHT_V] = 9.0;
    calrec->channel[0].gain_code = calrec->finding[0].parked_t = 0.0;
    cr_assert_eq(copy->crosstalk[1], 0.001);
    cr_assert_eq(copy->setting[1].value[OAC_BIAS_WEIGHT_V], -1.25);
    cr_assert_eq(copy->channel[0].gain_code, 11.0 / 3.0);
    cr_assert_eq(copy->finding[0].parked_t, 0.25);
    cr_assert_str_eq(copy->firmware, "v0.39 a1b2");
    oac_calrec_destroy(copy);
    oac_calrec_destroy(calrec);
}

Test(calrec, parked_lasers_leak_by_their_extinction_or_by_what_was_measured)
{
    struct oac_calrec *calrec = some_calrec();
    const double plus = calrec->channel[0].gain_code, minus = 3.5;
    const struct oac_port port = {.v0_v = 0.0, .lsb_v = 1.0, .code_safe = 0};
    const struct oac_port ports[3] = {port, port, port};
    calrec->finding[2].parked_t = 0.125;
    double t1 = oac_curve_transmission(&calrec->channel[1].weight, 0.0);
    double leak = 0.001 * t1 + 0.002 * 0.125;
    double other = 0.001 * (1.003 - t1) + 0.002 * (1.003 - 0.125);
    cr_assert_float_eq(oac_calrec_leak_code_per_x(calrec, ports, 0, false), plus * leak, 1e-15);
    cr_assert_float_eq(oac_calrec_leak_code_per_x(calrec, ports, 0, true),
                       plus * leak - minus * other, 1e-15);
    free(calrec->crosstalk);
    calrec->crosstalk = NULL;
    cr_assert_eq(oac_calrec_leak_code_per_x(calrec, ports, 0, false), 0.0);
    oac_calrec_destroy(calrec);
}

Test(calrec, linearity_acts_on_the_distance_from_no_light)
{
    const struct oac_calrec_channel channel = {.quadratic_per_code = 1e-4,
                                               .cubic_per_code2 = -2e-7};
    cr_assert_eq(oac_calrec_linear(&channel, 50.0, 50.0), 50.0);
    cr_assert_float_eq(oac_calrec_linear(&channel, 50.0, 150.0), 150.0 + 1.0 - 0.2, 1e-12);
}

Test(calrec, crosstalk_is_relative_to_the_own_laser)
{
    struct oac_err err;
    char directory[OAC_TEST_DIR_BYTES], path[300];
    oac_test_dir_make(directory);
    oac_test_dir_path(directory, "calibration.h5", path);
    struct oac_calrec *calrec = some_calrec();
    calrec->crosstalk[4] = 0.99;
    cr_assert_eq(oac_calrec_write(calrec, path, NULL, &err), OAC_EINVAL);
    cr_assert_neq(strstr(err.message, "/crosstalk[1, 1] = 0.99 is not 1"), NULL, "%s",
                  err.message);
    calrec->crosstalk[4] = 1.0;
    calrec->crosstalk[5] = NAN;
    cr_assert_eq(oac_calrec_write(calrec, path, NULL, &err), OAC_EINVAL);
    cr_assert_neq(strstr(err.message, "/crosstalk[1, 2] = nan"), NULL, "%s", err.message);
    oac_calrec_destroy(calrec);
    oac_test_dir_remove(directory);
}

Test(calrec, a_file_of_another_schema_is_refused_with_what_to_do)
{
    struct oac_err err;
    char directory[OAC_TEST_DIR_BYTES], path[300];
    struct oac_h5_writer *writer = NULL;
    struct oac_calrec *read = NULL;
    oac_test_dir_make(directory);
    oac_test_dir_path(directory, "old.h5", path);
    cr_assert_eq(oac_h5_create(&writer, &err), OAC_OK);
    cr_assert_eq(oac_h5_put_provenance(writer, OAC_CALREC_FORMAT, 1, NULL, NULL, &err), OAC_OK);
    cr_assert_eq(oac_h5_commit(writer, path, &err), OAC_OK);
    oac_h5_destroy(writer);
    cr_assert_eq(oac_calrec_read(path, &read, &err), OAC_EPARSE);
    cr_assert_neq(strstr(err.message, "schema 1"), NULL, "%s", err.message);
    cr_assert_neq(strstr(err.message, "calibrate again"), NULL, "%s", err.message);
    oac_test_dir_remove(directory);
}

Test(calrec, files_that_are_no_calibration_are_refused_by_name)
{
    struct oac_err err;
    char directory[OAC_TEST_DIR_BYTES], path[300];
    struct oac_calrec *read = NULL;
    oac_test_dir_make(directory);
    oac_test_dir_path(directory, "nonsense.h5", path);
    cr_assert_neq(oac_calrec_read(path, &read, &err), OAC_OK);
    oac_test_file_put(path, "this is no HDF5", 15);
    cr_assert_neq(oac_calrec_read(path, &read, &err), OAC_OK);
    cr_assert_neq(strstr(err.message, "nonsense.h5"), NULL, "%s", err.message);
    cr_assert_eq(read, NULL);
    cr_assert_eq(oac_calrec_create(0, &read, &err), OAC_EINVAL);
    oac_test_dir_remove(directory);
}
