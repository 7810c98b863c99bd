<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel;

use JsonException;

/**
 * End-to-end encryption of private-encrypted- channels (Pusher docs, "Encrypted channels"): one key
 * per channel, derived from the master key, which the relay never sees.
 */
final class ChannelCipher
{
    private const KEY_BYTES = 32;

    private const NONCE_BYTES = 24;

    private function __construct(#[\SensitiveParameter] private readonly string $masterKey)
    {
    }

    public static function fromBase64(#[\SensitiveParameter] ?string $masterKey): self
    {
        $key = base64_decode((string) $masterKey, true);

        if ($key === false || strlen($key) !== self::KEY_BYTES) {
            throw new UnavailableException(
                'Encrypted channels need CLAIRON_ENCRYPTION_MASTER_KEY: 32 random bytes in base64, '
                . 'made by "openssl rand -base64 32".'
            );
        }

        return new self($key);
    }

    public function sharedSecret(string $channel): string
    {
        return base64_encode($this->key($channel));
    }

    /**
     * @param array<array-key, mixed> $payload
     *
     * @return array{nonce: string, ciphertext: string}
     *
     * @throws JsonException
     */
    public function encrypt(string $channel, array $payload): array
    {
        if (! function_exists('sodium_crypto_secretbox')) {
            throw new UnavailableException(
                'Publishing on encrypted channels needs the PHP extension sodium: install it and restart PHP.'
            );
        }

        $nonce = random_bytes(self::NONCE_BYTES);
        $json = json_encode($payload, JSON_THROW_ON_ERROR);

        return [
            'nonce' => base64_encode($nonce),
            'ciphertext' => base64_encode(sodium_crypto_secretbox($json, $nonce, $this->key($channel))),
        ];
    }

    private function key(string $channel): string
    {
        return hash('sha256', $channel . $this->masterKey, true);
    }
}
