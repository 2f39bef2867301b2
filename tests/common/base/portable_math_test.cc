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
