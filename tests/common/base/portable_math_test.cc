#include "common/base/portable_math.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace plumb {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNan = std::numeric_limits<double>::quiet_NaN();

struct Sample {
  double x;
  double expected;  // by Python's decimal with 80 digits, rounded once
};

double UlpsFrom(double expected, double value) {
  const double magnitude = std::fabs(expected);
  return std::fabs(value - expected) / (std::nextafter(magnitude, kInfinity) - magnitude);
}

TEST(PortableMath, ExpIsWithinOneUlp) {
  const std::vector<Sample> samples = {{1.0, 0x1.5bf0a8b145769p+1},
                                       {-1.0, 0x1.78b56362cef38p-2},
                                       {0.5, 0x1.a61298e1e069cp+0},
                                       {-0.3465, 0x1.6a10b883d5676p-1},
                                       {10.0, 0x1.5829dcf950560p+14},
                                       {-20.25, 0x1.b93de1e27ca3bp-30},
                                       {100.0, 0x1.3494a9b171bf5p+144},
                                       {-100.0, 0x1.a8c1f14e2af5dp-145},
                                       {700.0, 0x1.d945df4f8ec8ep+1009},
                                       {-700.0, 0x1.14f2b0fb9307fp-1010},
                                       {1e-10, 0x1.000000006df38p+0}};
  for (const Sample& sample : samples) {
    EXPECT_LE(UlpsFrom(sample.expected, PortableExp(sample.x)), 1) << sample.x;
  }
}

TEST(PortableMath, ExpAtTheEnds) {
  EXPECT_EQ(PortableExp(0.0), 1);
  EXPECT_EQ(PortableExp(710.0), kInfinity);
  EXPECT_EQ(PortableExp(kInfinity), kInfinity);
  EXPECT_EQ(PortableExp(-kInfinity), 0);
  EXPECT_EQ(PortableExp(-746.0), 0);
  EXPECT_EQ(PortableExp(-745.0), std::numeric_limits<double>::denorm_min());
  EXPECT_TRUE(std::isnan(PortableExp(kNan)));
}

TEST(PortableMath, TanhIsWithinSixUlp) {
  const std::vector<Sample> samples = {{0.1, 0x1.983d7795f413ap-4},
                                       {0.17, 0x1.58d8296a405bdp-3},
                                       {0.1733, 0x1.5f6851a72a671p-3},
                                       {0.5, 0x1.d9353d7568af3p-2},
                                       {-0.5, -0x1.d9353d7568af3p-2},
                                       {1.0, 0x1.85efab514f394p-1},
                                       {3.0, 0x1.fd77d111a0b00p-1},
                                       {-9.0, -0x1.fffffefa59d78p-1},
                                       {18.0, 0x1.ffffffffffffcp-1},
                                       {1e-5, 0x1.4f8b588e06854p-17}};
  for (const Sample& sample : samples) {
    EXPECT_LE(UlpsFrom(sample.expected, PortableTanh(sample.x)), 6) << sample.x;
  }
  EXPECT_EQ(PortableTanh(kInfinity), 1);
  EXPECT_EQ(PortableTanh(-kInfinity), -1);
  EXPECT_TRUE(std::signbit(PortableTanh(-0.0)));
  EXPECT_TRUE(std::isnan(PortableTanh(kNan)));
}

TEST(PortableMath, Log10IsWithinFourUlp) {
  const std::vector<Sample> samples = {{2.0, 0x1.34413509f79ffp-2},
                                       {3.0, 0x1.e8927964fd5fdp-2},
                                       {1.0001, 0x1.6c4b5defc34d7p-15},
                                       {0.9999, -0x1.6c54b17ee96f3p-15},
                                       {1e300, 300},
                                       {1e-300, -300}};
  for (const Sample& sample : samples) {
    EXPECT_LE(UlpsFrom(sample.expected, PortableLog10(sample.x)), 4) << sample.x;
  }
  EXPECT_EQ(PortableLog10(1000.0), 3);  // what a person reads in a report
  EXPECT_EQ(PortableLog10(0.1), -1);
  EXPECT_EQ(PortableLog10(1.0), 0);
  EXPECT_EQ(PortableLog10(0.0), -kInfinity);
  EXPECT_EQ(PortableLog10(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(PortableLog10(-1.0)));
  EXPECT_TRUE(std::isnan(PortableLog10(kNan)));
}

void ExpectClose(double (*function)(double), const std::vector<Sample>& samples, double ulps) {
  for (const Sample& sample : samples) {
    EXPECT_LE(UlpsFrom(sample.expected, function(sample.x)), ulps) << sample.x;
  }
}

TEST(PortableMath, LogIsWithinFourUlp) {
  ExpectClose(PortableLog,
              {{2.0, 0x1.62e42fefa39efp-1},
               {3.0, 0x1.193ea7aad030bp+0},
               {1.0001, 0x1.a368d0657fcd4p-14},
               {0.9999, -0x1.a3738d2cf1cc2p-14},
               {10.0, 0x1.26bb1bbb55516p+1},
               {1e+300, 0x1.5963447f87fb5p+9},
               {1e-300, -0x1.5963447f87fb5p+9},
               {5e-324, -0x1.74385446d71c3p+9}},
              4);
  EXPECT_EQ(PortableLog(1), 0);
  EXPECT_EQ(PortableLog(0), -kInfinity);
  EXPECT_EQ(PortableLog(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(PortableLog(-1)));
}

TEST(PortableMath, PowIsExactForSmallWholeExponents) {
  EXPECT_EQ(PortablePow(3, 4), 81);
  EXPECT_EQ(PortablePow(-2, 63), -0x1p63);
  EXPECT_EQ(PortablePow(2, -3), 0.125);
  EXPECT_EQ(PortablePow(2.25, 0.5), 1.5);
  EXPECT_EQ(PortablePow(-5, 0), 1);
}

TEST(PortableMath, PowIsCloseElsewhere) {
  struct Power {
    double x, y, expected;
  };

  for (const Power& power : {Power{2.0, 0.75, 0x1.ae89f995ad3adp+0},
                             Power{10.0, -2.5, 0x1.9e7c6e43390b7p-9},
                             Power{1.5, 70.0, 0x1.eda90e9fbe408p+40},
                             Power{0.3, 0.1, 0x1.c5ec42b8b4a19p-1},
                             Power{123.456, 33.3, 0x1.495b7762c672cp+231}}) {
    const double allowed = 0x1p-50 * (1 + std::fabs(power.y * std::log(power.x)));
    EXPECT_LE(std::fabs(PortablePow(power.x, power.y) / power.expected - 1), allowed) << power.x;
  }
}

TEST(PortableMath, PowAtTheEnds) {
  EXPECT_EQ(PortablePow(0, 3), 0);
  EXPECT_EQ(PortablePow(-0.0, -3), -kInfinity);
  EXPECT_EQ(PortablePow(-0.0, -2), kInfinity);
  EXPECT_EQ(PortablePow(-kInfinity, 3), -kInfinity);
  EXPECT_EQ(PortablePow(kInfinity, -1), 0);
  EXPECT_EQ(PortablePow(2, kInfinity), kInfinity);
  EXPECT_EQ(PortablePow(0.5, kInfinity), 0);
  EXPECT_EQ(PortablePow(-1, -kInfinity), 1);
  EXPECT_EQ(PortablePow(-1, 71), -1);
  EXPECT_EQ(PortablePow(1, kNan), 1);
  EXPECT_TRUE(std::isnan(PortablePow(-2, 0.25)));
  EXPECT_TRUE(std::isnan(PortablePow(kNan, 2)));
}

TEST(PortableMath, SinAndCosAreWithinTwoToTheMinusFifty) {
  struct Angle {
    double x, sine, cosine;
  };

  for (const Angle& angle : {Angle{0.1, 0x1.98eaecb8bcb2cp-4, 0x1.fd712f9a817c1p-1},
                             Angle{0.8, 0x1.6f494c2bffecdp-1, 0x1.64b6bde719865p-1},
                             Angle{1.0, 0x1.aed548f090ceep-1, 0x1.14a280fb5068cp-1},
                             Angle{2.5, 0x1.326af0dcfcab1p-1, -0x1.9a2f7ef858b7dp-1},
                             Angle{-4.0, 0x1.837b9dddc1eaep-1, -0x1.4eaa606db24c1p-1},
                             Angle{100.0, -0x1.03425b78c4db8p-1, 0x1.b981dbf665fdfp-1},
                             Angle{1000.5, 0x1.fd948c50a7a0dp-1, 0x1.8dbff75eb664fp-4},
                             Angle{999999.0, -0x1.f4677c48458b4p-1, 0x1.b165cde80ddd4p-3}}) {
    EXPECT_NEAR(PortableSin(angle.x), angle.sine, 0x1p-50) << angle.x;
    EXPECT_NEAR(PortableCos(angle.x), angle.cosine, 0x1p-50) << angle.x;
  }
  EXPECT_NEAR(PortableSin(3.14159265358979), 0x1.d1a62633145c0p-49, 0x1p-95);
  EXPECT_TRUE(std::signbit(PortableSin(-0.0)));
  EXPECT_TRUE(std::isnan(PortableCos(kInfinity)));
}

TEST(PortableMath, InverseFunctionsAndErf) {
  ExpectClose(PortableAtan,
              {{0.1, 0x1.983e282e2cc4dp-4},
               {0.4142, 0x1.921cac658ab6cp-2},
               {0.4143, 0x1.92330c59515fap-2},
               {1.0, 0x1.921fb54442d18p-1},
               {2.4, 0x1.2d0ead6066395p+0},
               {-2.5, -0x1.30b6d796a4da8p+0},
               {1000.0, 0x1.91de2c0e658bdp+0}},
              4);
  ExpectClose(PortableAtanh,
              {{0.05, 0x1.99f11cd5f7091p-5},
               {0.124, 0x1.fe880dc56b232p-4},
               {0.126, 0x1.036d3f51ee3f8p-3},
               {-0.5, -0x1.193ea7aad030bp-1},
               {0.99, 0x1.52c581997cd85p+1}},
              16);
  ExpectClose(PortableErf,
              {{0.1, 0x1.cca5ea24fb334p-4},
               {0.5, 0x1.0a7ef5c18edd2p-1},
               {1.0, 0x1.af767a741088bp-1},
               {-2.0, -0x1.fd9ae142795e3p-1},
               {3.5, 0x1.ffffe710d565ep-1},
               {5.9, 0x1.fffffffffffffp-1}},
              16);
  EXPECT_EQ(PortableErf(-7), -1);
  EXPECT_EQ(PortableAtanh(1), kInfinity);
  EXPECT_TRUE(std::isnan(PortableAtanh(2)));
  EXPECT_EQ(PortableAtan(-kInfinity), -0x1.921fb54442d18p+0);
}

TEST(PortableMath, FloatsAreTheTrueValueRoundedOnce) {
  EXPECT_EQ(PortableExp(1.0F), 0x1.5bf0a8p+1F);
  EXPECT_EQ(PortableExp(-1.5F), 0x1.c8f878p-3F);
  EXPECT_EQ(PortableExp(10.25F), 0x1.b9ea2ap+14F);
  EXPECT_EQ(PortableExp(-80.0F), 0x1.7fd974p-116F);
  EXPECT_EQ(PortableTanh(0.25F), 0x1.f597eap-3F);
  EXPECT_EQ(PortableTanh(-2.5F), -0x1.f92582p-1F);
  EXPECT_EQ(PortableTanh(7.75F), 0x1.fffff4p-1F);
}

}  // namespace
}  // namespace plumb
