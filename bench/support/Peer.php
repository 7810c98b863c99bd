<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Bench;

/**
 * Another server under the load tool.
 */
final class Peer
{
    /**
     * @param string $tool what the load tool needs to speak with it and to publish its usual way
     * @param string $remark how it publishes, and whether its sockets have TCP_NODELAY
     */
    public function __construct(
        public readonly string $name,
        public readonly Server $server,
        public readonly string $tool,
        public readonly string $remark,
    ) {
    }
}
