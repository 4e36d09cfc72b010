/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/components/laser.h"

#include <math.h>

#include "base/units.h"
#include "sim/rig.h"

struct oac_laser oac_laser_from_rig(const struct oac_rig *rig)
{
    return (struct oac_laser){
        .channels = (size_t)rig->channels,
        .power_w = oac_watts_from_dbm(rig->laser.power_dbm),
        .center_hz = rig->laser.center_hz,
        .grid_hz = rig->laser.grid_hz,
        .rin_per_hz = oac_power_ratio_from_db(rig->laser.rin_db_per_hz),
        .rin_corner_hz = rig->laser.rin_corner_hz,
        .rin_min_hz = rig->laser.rin_min_hz,
    };
}

double oac_laser_frequency_hz(const struct oac_laser *laser, size_t channel)
{
    double place = (double)channel - 0.5 * ((double)laser->channels - 1.0);
    return laser->center_hz + place * laser->grid_hz;
}

double oac_laser_power_w(const struct oac_laser *laser, double spread_db)
{
    return laser->power_w * oac_power_ratio_from_db(spread_db);
}

double oac_laser_gain_variance(const struct oac_laser *laser, double window_s)
{
    if (!(laser->rin_per_hz > 0.0 && laser->rin_corner_hz > 0.0))
        return 0.0;
    double range = log(1.0 / (window_s * laser->rin_min_hz));
    return range > 0.0 ? laser->rin_per_hz * laser->rin_corner_hz * range : 0.0;
}
