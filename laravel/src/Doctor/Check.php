<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Doctor;

interface Check
{
    /**
     * @return iterable<Finding> in the order in which they are found
     */
    public function findings(Subject $subject): iterable;
}
