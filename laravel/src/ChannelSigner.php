<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel;

use Stringable;
use UnexpectedValueException;

/**
 * The signatures that let a socket subscribe (Pusher docs, "Authorizing users" and "User
 * authentication"). Names and socket ids are the caller's to check.
 *
 * Signed here and not by Clairon\Publisher: one hash per subscription gains nothing from C, and
 * authorisation goes on in a process whose PHP lacks the extension.
 */
final class ChannelSigner
{
    public function __construct(
        private readonly string $key,
        #[\SensitiveParameter] private readonly string $secret
    ) {
    }

    /**
     * @return array{auth: string}
     */
    public function channel(string $socketId, string $channel): array
    {
        return ['auth' => $this->sign("{$socketId}:{$channel}")];
    }

    /**
     * @return array{auth: string, channel_data: string}
     */
    public function presence(string $socketId, string $channel, string $userId, mixed $userInfo): array
    {
        $data = ['user_id' => $userId];

        if ($userInfo) {
            $data['user_info'] = $userInfo;
        }

        $json = json_encode($data, JSON_THROW_ON_ERROR);

        return ['auth' => $this->sign("{$socketId}:{$channel}:{$json}"), 'channel_data' => $json];
    }

    /**
     * @param array<string, mixed> $user
     *
     * @return array{auth: string, user_data: string}
     */
    public function user(string $socketId, array $user): array
    {
        $id = $user['id'] ?? '';

        if (! (is_scalar($id) || $id instanceof Stringable) || (string) $id === '') {
            throw new UnexpectedValueException(
                'The callback given to Broadcast::resolveAuthenticatedUserUsing() must return an array '
                . 'with the user\'s "id".'
            );
        }

        $user['id'] = (string) $id;
        $json = json_encode($user, JSON_THROW_ON_ERROR);

        return ['auth' => $this->sign("{$socketId}::user::{$json}"), 'user_data' => $json];
    }

    private function sign(string $text): string
    {
        return $this->key . ':' . hash_hmac('sha256', $text, $this->secret);
    }
}
