<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Clairon\Laravel\Tests\Fixtures\Keyed;
use Clairon\Laravel\Tests\Fixtures\MessageSent;
use Clairon\Laravel\Tests\Fixtures\Models\Message;
use Clairon\Laravel\Tests\Fixtures\Named;
use Clairon\Laravel\Tests\Fixtures\Plain;
use Clairon\Laravel\Tests\Fixtures\Properties;
use Illuminate\Broadcasting\BroadcastEvent;
use Illuminate\Broadcasting\BroadcastException;
use Illuminate\Broadcasting\Broadcasters\Broadcaster;
use Illuminate\Broadcasting\BroadcastManager;
use Illuminate\Broadcasting\EncryptedPrivateChannel;
use Illuminate\Database\Eloquent\ModelNotFoundException;
use Illuminate\Support\Facades\Broadcast;
use PHPUnit\Framework\Attributes\DataProvider;
use PHPUnit\Framework\Attributes\TestWith;

/**
 * Points 11 to 17: what leaves for which channels.
 */
final class PayloadTest extends TestCase
{
    private const MASTER_KEY = 'kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk';

    /**
     * @return iterable<string, array{object}>
     */
    public static function events(): iterable
    {
        yield 'broadcastWith and broadcastAs' => [new Named()];
        yield 'public properties and Arrayable' => [new Properties()];
        yield 'a property' => [new Plain(['nested' => [1, 2.5, null, true, '</script> é "']])];
        yield 'an empty payload' => [new class extends Plain {
            public function broadcastWith(): array
            {
                return [];
            }
        }];
    }

    #[DataProvider('events')]
    public function test_point_11_the_payload_is_the_stock_payload(object $event): void
    {
        [$channels, $name, $payload] = $this->stock($event);
        event($event);

        $message = $this->published()[0];
        self::assertSame([$name, json_encode($payload)], [$message['event'], $message['data']]);
        self::assertSame($channels, [$message['channel']]);
    }

    public function test_point_12_socket_is_taken_out_and_excluded(): void
    {
        $event = new Plain();
        $event->socket = '123.456';
        event($event);
        event(new Plain());

        [$with, $without] = $this->published();
        self::assertSame('123.456', $with['except']);
        self::assertNull($without['except']);
        self::assertSame('{"text":"hello"}', $with['data']);
    }

    #[TestWith(['undefined'])]
    #[TestWith(['1.2:private-x'])]
    #[TestWith(["1.2\n"])]
    #[TestWith([''])]
    public function test_point_12_a_socket_id_that_is_none_excludes_nobody(string $socket): void
    {
        $event = new Plain();
        $event->socket = $socket;
        event($event);

        self::assertSame([null], array_column($this->published(), 'except'));
        self::assertSame([], $this->reported);
    }

    public function test_point_13_channels_and_payload_may_be_keyed_by_connection(): void
    {
        // Laravel 11.38 and later; before, keys meant nothing.
        if (! method_exists(BroadcastEvent::class, 'getConnectionChannels')) {
            event(new Plain('x', ['clairon' => 'news', 'log' => 'more']));
            self::assertSame(['news', 'more'], array_column($this->published(), 'channel'));

            return;
        }

        event(new Keyed());

        $message = $this->published()[0];
        self::assertSame('for-clairon', $message['channel']);
        self::assertSame('{"text":"for clairon"}', $message['data']);
    }

    public function test_point_14_invalid_utf8_is_reported_and_not_published(): void
    {
        event(new Plain("\xff"));

        self::assertSame([], $this->published());
        self::assertCount(1, $this->reported);
        self::assertInstanceOf(BroadcastException::class, $this->reported[0]);
    }

    public function test_point_14_data_over_the_limit_is_reported_and_not_published(): void
    {
        event(new Plain(str_repeat('x', 10240 - strlen('{"text":""}'))));
        self::assertCount(1, $this->published());

        event(new Plain(str_repeat('x', 10241 - strlen('{"text":""}'))));
        self::assertSame([], $this->published());
        self::assertInstanceOf(BroadcastException::class, $this->reported[0]);
    }

    public function test_point_15_memory_shows_the_model_as_it_is_here(): void
    {
        $message = Message::create(['receiver_id' => 9, 'content' => 'hi']);
        event(new MessageSent($message));

        $data = json_decode($this->published()[0]['data'], true);
        self::assertArrayNotHasKey('status', $data['message']);
    }

    public function test_point_15_serialize_shows_what_a_worker_would(): void
    {
        config(['clairon.fidelity' => 'serialize']);
        $message = Message::create(['receiver_id' => 9, 'content' => 'hi']);
        $message->unsaved = 'x';
        event(new MessageSent($message));

        $data = json_decode($this->published()[0]['data'], true);
        self::assertSame('new', $data['message']['status']);
        self::assertArrayNotHasKey('unsaved', $data['message']);
    }

    public function test_point_15_serialize_drops_the_event_of_a_deleted_model_as_a_worker_would(): void
    {
        config(['clairon.fidelity' => 'serialize', 'clairon.on_failure' => 'throw']);
        $message = Message::create(['receiver_id' => 9, 'content' => 'hi']);
        $message->delete();

        // Workers drop such jobs since Laravel 12.38 and fail before.
        if (! property_exists(BroadcastEvent::class, 'deleteWhenMissingModels')) {
            $this->expectException(ModelNotFoundException::class);
        }

        event(new MessageSent($message));

        self::assertSame([], $this->published());
        self::assertSame([], $this->reported);
    }

    #[TestWith([1])]
    #[TestWith([100])]
    #[TestWith([101])]
    #[TestWith([250])]
    #[TestWith([1001])]
    public function test_point_16_every_channel_gets_the_event(int $count): void
    {
        $channels = array_map(static fn ($i) => "c{$i}", range(1, $count));
        event(new Plain('x', $channels));

        self::assertSame($channels, array_column($this->published(), 'channel'));
    }

    #[TestWith(['has space', 3])]
    #[TestWith(['has space', 250])]
    #[TestWith(['has space', 1200])]
    #[TestWith(['private-conversation:9', 3])]
    public function test_point_16_an_illegal_channel_name_stops_all(string $name, int $count): void
    {
        $channels = array_map(static fn ($i) => "c{$i}", range(1, $count));
        event(new Plain('x', [...$channels, $name]));

        self::assertSame([], $this->published());
        self::assertInstanceOf(BroadcastException::class, $this->reported[0]);
    }

    public function test_point_16_the_length_of_a_channel_name_has_a_limit(): void
    {
        event(new Plain('x', str_repeat('c', 164)));
        self::assertCount(1, $this->published());

        event(new Plain('x', ['c', str_repeat('c', 165)]));
        self::assertSame([], $this->published());
        self::assertCount(1, $this->reported);
    }

    public function test_point_17_encrypted_channels_get_cipher_text_of_their_own_and_plain_ones_plain_text(): void
    {
        config(['broadcasting.connections.clairon.options.encryption_master_key_base64' => base64_encode(self::MASTER_KEY)]);
        Broadcast::purge('clairon');
        event(new Plain('s3cret', [new EncryptedPrivateChannel('a'), 'news', new EncryptedPrivateChannel('b')]));

        $messages = array_column($this->published(), 'data', 'channel');
        self::assertSame('{"text":"s3cret"}', $messages['news']);
        self::assertSame('{"text":"s3cret"}', $this->decrypt('private-encrypted-a', $messages['private-encrypted-a']));
        self::assertSame('{"text":"s3cret"}', $this->decrypt('private-encrypted-b', $messages['private-encrypted-b']));
    }

    #[TestWith([null])]
    #[TestWith(['c2hvcnQ='])]
    #[TestWith(['%%%'])]
    public function test_point_17_without_a_master_key_nothing_leaks(?string $key): void
    {
        config(['broadcasting.connections.clairon.options.encryption_master_key_base64' => $key]);
        event(new Plain('s3cret', ['news', new EncryptedPrivateChannel('a')]));

        self::assertSame([], $this->published());
        self::assertStringContainsString('CLAIRON_ENCRYPTION_MASTER_KEY', $this->reported[0]->getMessage());
    }

    private function decrypt(string $channel, string $data): string|false
    {
        $parts = json_decode($data, true);

        return sodium_crypto_secretbox_open(
            base64_decode($parts['ciphertext'], true),
            base64_decode($parts['nonce'], true),
            hash('sha256', $channel . self::MASTER_KEY, true)
        );
    }

    /**
     * What Laravel's own job hands to a broadcaster, less "socket", which stock drivers take out.
     *
     * @return array{list<string>, string, array<string, mixed>}
     */
    private function stock(object $event): array
    {
        $recorder = new class extends Broadcaster {
            public array $got = [];

            public function auth($request)
            {
                return null;
            }

            public function validAuthenticationResponse($request, $result)
            {
                return null;
            }

            public function broadcast(array $channels, $event, array $payload = [])
            {
                unset($payload['socket']);
                $this->got = [$this->formatChannels($channels), $event, $payload];
            }
        };
        $manager = new BroadcastManager($this->app);
        $manager->extend('clairon', static fn () => $recorder);
        (new BroadcastEvent(clone $event))->handle($manager);

        return $recorder->got;
    }
}
