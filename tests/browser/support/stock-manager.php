<?php

// SPDX-License-Identifier: MIT
//
// For one test alone: stands in front of the application, in the place of the package's manager, and
// leaves Laravel's own as it is. Events then go to the queue, where no worker takes them out.

namespace Clairon\Laravel;

final class InlineBroadcastManager
{
    public static function wrap(object $manager): object
    {
        return $manager;
    }
}
