// The checks of the self-test by what they need. Each says in its table line which fact it tries.
// C++14.
#pragma once

#include "agent/runner/self_test/context.h"

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

// Before there is a device.
Finding ModelCanBeAskedFirst(Context* context);
Finding NoDeviceIsToldApart(Context* context);
Finding DeviceOpens(Context* context);

// Channels and descriptors.
Finding UnknownChannelIsRefused(Context* context);
Finding MissingModelIsRefused(Context* context);
Finding DamagedModelIsRefused(Context* context);
Finding DepthsGoUpToThree(Context* context);
Finding DescriptorsAreConsistent(Context* context);
Finding ModelCanComeFromMemory(Context* context);
Finding PoolIsAsDeepAsAsked(Context* context);

// Invoke.
Finding BuffersAreUsable(Context* context);
Finding WrongCountIsRefused(Context* context);
Finding EveryOutputIsWritten(Context* context);
Finding SameInputGivesSameOutput(Context* context);
Finding OutputDependsOnInput(Context* context);
Finding OwnBuffersServe(Context* context);
Finding MisalignedAddressIsRefused(Context* context);

// Generation C's batch calls.
Finding BatchCallComputesTheSame(Context* context);
Finding BatchCallNeedsItsParameters(Context* context);
Finding CustomCallIsForOneBufModels(Context* context);
Finding UnknownBatchNumberIsRefused(Context* context);
Finding PrioritiesHaveLimits(Context* context);
Finding RuntimeInfoIsPlausible(Context* context);

// At the end.
Finding DeviceCloses(Context* context);

}  // namespace mi
}  // namespace plumb
