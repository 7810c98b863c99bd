<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Clairon\Laravel\ChannelCipher;
use Clairon\Laravel\ChannelSigner;
use Clairon\Laravel\Tests\Fixtures\JoinedByClass;
use Clairon\Laravel\Tests\Fixtures\Models\Message;
use Clairon\Laravel\Tests\Fixtures\Models\User;
use Illuminate\Broadcasting\BroadcastManager;
use Illuminate\Foundation\Application;
use Illuminate\Support\Facades\Broadcast;
use Illuminate\Testing\TestResponse;
use PHPUnit\Framework\Attributes\DataProvider;
use PHPUnit\Framework\Attributes\TestWith;
use UnexpectedValueException;

/**
 * Points 26 to 33: who may subscribe.
 */
final class AuthorizationTest extends TestCase
{
    private const SOCKET = '123.456';

    private const MASTER_KEY = 'kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk';

    private function authorize(string|array $channel, string $socket = self::SOCKET, array $more = []): TestResponse
    {
        return $this->post('/broadcasting/auth', ['channel_name' => $channel, 'socket_id' => $socket] + $more);
    }

    private function actAs(int $id, string $name = 'Ann'): User
    {
        $user = User::create(['id' => $id, 'name' => $name]);
        $this->actingAs($user);

        return $user;
    }

    public function test_point_26_the_vectors_are_reproduced(): void
    {
        $signer = new ChannelSigner('key', 'secret');

        self::assertSame(
            ['auth' => 'key:72f6540e74fd733276c6193749d3aee2266468037a14f0d617999c56f6a5a79c'],
            $signer->channel(self::SOCKET, 'private-conversation.9')
        );
        self::assertSame(
            [
                'auth' => 'key:92072febb00c29c149ac6d9652450f9b4b5fa15b04d8212d0198ca88ef463741',
                'channel_data' => '{"user_id":"7","user_info":{"name":"Ann"}}',
            ],
            $signer->presence(self::SOCKET, 'presence-room.1', '7', ['name' => 'Ann'])
        );
        self::assertSame(
            [
                'auth' => 'key:1b2955b4d8b4a4a9254fb8bd8e4e7c9a5393fe35a45956ed85621923ba7e3ed9',
                'user_data' => '{"id":"7","name":"Ann"}',
            ],
            $signer->user(self::SOCKET, ['id' => 7, 'name' => 'Ann'])
        );
        self::assertSame(
            'mA1o1C9jkj3s/HiI3zFDn3BLY7n3xqf+o7KgA669cZo=',
            ChannelCipher::fromBase64(base64_encode(self::MASTER_KEY))->sharedSecret('private-encrypted-x')
        );
    }

    public function test_point_26_the_extension_signs_the_same(): void
    {
        $signer = new ChannelSigner('key', 'secret');
        $publisher = $this->publisher();

        self::assertSame(
            $signer->channel(self::SOCKET, 'private-conversation.9'),
            json_decode($publisher->authorizeChannel('private-conversation.9', self::SOCKET), true)
        );
        self::assertSame(
            $signer->presence(self::SOCKET, 'presence-room.1', '7', ['name' => 'Zoë/']),
            json_decode($publisher->authorizePresenceChannel('presence-room.1', self::SOCKET, '7', ['name' => 'Zoë/']), true)
        );
        self::assertSame(
            $signer->user(self::SOCKET, ['id' => '7']),
            json_decode($publisher->authenticateUser(self::SOCKET, ['id' => '7']), true)
        );
    }

    public function test_point_27_a_guest_gets_403(): void
    {
        $this->authorize('private-conversation.9')->assertForbidden();
    }

    public function test_point_27_another_user_gets_403(): void
    {
        $this->actAs(7);
        $this->authorize('private-conversation.9')->assertForbidden();
    }

    public function test_point_27_the_right_user_gets_a_signature(): void
    {
        $this->actAs(9);

        self::assertSame(
            '{"auth":"key:72f6540e74fd733276c6193749d3aee2266468037a14f0d617999c56f6a5a79c"}',
            $this->authorize('private-conversation.9')->assertOk()->content()
        );
    }

    public function test_point_27_presence_has_channel_data_with_a_user_id_of_text(): void
    {
        Broadcast::channel('room.{id}', static fn ($user) => ['name' => $user->name]);
        $this->actAs(7);

        self::assertSame(
            '{"auth":"key:92072febb00c29c149ac6d9652450f9b4b5fa15b04d8212d0198ca88ef463741",'
            . '"channel_data":"{\"user_id\":\"7\",\"user_info\":{\"name\":\"Ann\"}}"}',
            $this->authorize('presence-room.1')->assertOk()->content()
        );
    }

    public function test_point_27_presence_uses_the_identifier_for_broadcasting(): void
    {
        Broadcast::channel('room.{id}', static fn () => true);
        $user = new class extends User {
            public function getAuthIdentifierForBroadcasting(): string
            {
                return 'u-7';
            }
        };
        $this->actingAs($user);

        self::assertSame('{"user_id":"u-7","user_info":true}', $this->authorize('presence-room.1')->json('channel_data'));
    }

    public function test_point_27_a_channel_without_pattern_and_a_public_one_get_403(): void
    {
        Broadcast::channel('open', static fn () => true);
        $this->actAs(9);
        $this->authorize('private-nothing')->assertForbidden();
        $this->authorize('open')->assertForbidden();
    }

    /**
     * Laravel's own matching changed twice; the package inherits it as it is.
     *
     * @return iterable<string, array{string, string, array{bool, bool, bool}}>
     */
    public static function patterns(): iterable
    {
        // channel, pattern, whether they match: before 9.35, before 11.39.1, since then
        yield 'a key' => ['conversation.9', 'conversation.{id}', [true, true, true]];
        yield 'two parts for one key' => ['conversation.9.x', 'conversation.{id}', [true, false, false]];
        yield 'an empty key' => ['conversation.', 'conversation.{id}', [true, false, false]];
        yield 'the dot is any character' => ['conversationX9', 'conversation.{id}', [false, true, false]];
        yield 'a star alone is no pattern' => ['x.y', '*', [false, false, false]];
        yield 'two keys' => ['room.1.2', 'room.{a}.{b}', [true, true, true]];
        yield 'another name' => ['other.9', 'conversation.{id}', [false, false, false]];
    }

    /**
     * @param array{bool, bool, bool} $matches
     */
    #[DataProvider('patterns')]
    public function test_point_28_patterns_match_as_this_laravel_matches(string $channel, string $pattern, array $matches): void
    {
        $matches = $matches[(int) version_compare(Application::VERSION, '9.35', '>=') + (int) version_compare(Application::VERSION, '11.39.1', '>=')];
        Broadcast::purge('clairon');
        Broadcast::channel($pattern, static fn () => true);
        $this->actAs(9);

        self::assertSame($matches, $this->authorize("private-{$channel}")->isOk());
    }

    public function test_point_29_false_of_the_first_pattern_ends_it_null_goes_on(): void
    {
        $this->actAs(9);
        Broadcast::channel('first.{id}', static fn () => false);
        Broadcast::channel('{any}.{id}', static fn () => true);
        // Before 9.35 the next pattern was tried.
        $this->authorize('private-first.1')->assertStatus(version_compare(Application::VERSION, '9.35', '<') ? 200 : 403);

        Broadcast::channel('first.{id}', static fn () => null);
        $this->authorize('private-first.1')->assertOk();
    }

    public function test_point_30_guards_of_the_channel_are_asked(): void
    {
        config(['auth.guards.admin' => ['driver' => 'session', 'provider' => 'users']]);
        Broadcast::channel('desk', static fn () => true, ['guards' => ['admin']]);
        $user = $this->actAs(9);
        $this->authorize('private-desk')->assertForbidden();

        $this->actingAs($user, 'admin');
        $this->authorize('private-desk')->assertOk();
    }

    public function test_point_30_models_are_bound_and_a_missing_one_is_403(): void
    {
        Broadcast::channel('message.{message}', static fn ($user, Message $message) => $message->receiver_id === $user->id);
        $this->actAs(9);
        Message::create(['receiver_id' => 9, 'content' => 'x']);

        $this->authorize('private-message.1')->assertOk();
        $this->authorize('private-message.2')->assertForbidden();
    }

    public function test_point_30_a_class_may_join(): void
    {
        Broadcast::channel('class.{id}', JoinedByClass::class);
        $this->actAs(9);

        $this->authorize('private-class.9')->assertOk();
        $this->authorize('private-class.8')->assertForbidden();
    }

    public function test_point_32_encrypted_channels_get_their_shared_secret(): void
    {
        config(['broadcasting.connections.clairon.options.encryption_master_key_base64' => base64_encode(self::MASTER_KEY)]);
        Broadcast::purge('clairon');
        Broadcast::channel('x', static fn () => true);
        $this->actAs(9);

        $answer = $this->authorize('private-encrypted-x')->assertOk()->json();
        self::assertSame(['auth', 'shared_secret'], array_keys($answer));
        self::assertSame('mA1o1C9jkj3s/HiI3zFDn3BLY7n3xqf+o7KgA669cZo=', $answer['shared_secret']);
        self::assertSame('key:' . hash_hmac('sha256', '123.456:private-encrypted-x', 'secret'), $answer['auth']);
    }

    public function test_point_32_without_a_master_key_the_error_names_it(): void
    {
        Broadcast::channel('x', static fn () => true);
        $this->actAs(9);

        $this->authorize('private-encrypted-x')->assertStatus(500);
        self::assertStringContainsString('CLAIRON_ENCRYPTION_MASTER_KEY', $this->reported[0]->getMessage());
    }

    public function test_point_33_a_user_can_sign_in(): void
    {
        $this->actAs(7);

        // Laravel 9.18 and later.
        if (! method_exists(BroadcastManager::class, 'userRoutes')) {
            $this->signIn()->assertNotFound();
            self::assertSame([], $this->reported);

            return;
        }

        Broadcast::userRoutes();
        $this->signIn()->assertForbidden();

        Broadcast::resolveAuthenticatedUserUsing(static fn ($request) => ['id' => $request->user()->id, 'name' => 'Ann']);
        $this->signIn()->assertOk()->assertExactJson([
            'auth' => 'key:1b2955b4d8b4a4a9254fb8bd8e4e7c9a5393fe35a45956ed85621923ba7e3ed9',
            'user_data' => '{"id":"7","name":"Ann"}',
        ]);
        $this->signIn('1.2:x')->assertForbidden();
    }

    public function test_point_33_a_user_without_an_id_is_a_clear_error(): void
    {
        $signer = new ChannelSigner('key', 'secret');

        try {
            $signer->user(self::SOCKET, ['name' => 'Ann']);
            self::fail('a user without an id was signed in');
        } catch (UnexpectedValueException $e) {
            self::assertStringContainsString('resolveAuthenticatedUserUsing', $e->getMessage());
        }

        if (method_exists(BroadcastManager::class, 'userRoutes')) {
            Broadcast::userRoutes();
            Broadcast::resolveAuthenticatedUserUsing(static fn () => ['name' => 'Ann']);
            $this->signIn()->assertStatus(500);
            self::assertStringContainsString('resolveAuthenticatedUserUsing', $this->reported[0]->getMessage());
        }
    }

    private function signIn(string $socket = self::SOCKET): TestResponse
    {
        return $this->post('/broadcasting/user-auth', ['socket_id' => $socket]);
    }

    #[TestWith(['private-conversation.9', '123.456:private-conversation.9'])]
    #[TestWith(['private-conversation.9', '123'])]
    #[TestWith(['private-conversation.9', "123.456\n"])]
    #[TestWith(['private-conversation.9', ''])]
    #[TestWith(['private-conversation.9', '123456789012345678901.1'])]
    #[TestWith(['private-conversation.9:x', self::SOCKET])]
    #[TestWith(["private-conversation.9\n", self::SOCKET])]
    #[TestWith(['private-conversation.9/x', self::SOCKET])]
    #[TestWith(['', self::SOCKET])]
    #[TestWith([['private-conversation.9'], self::SOCKET])]
    public function test_point_33_other_bytes_get_403_and_no_signature(string|array $channel, string $socket): void
    {
        Broadcast::channel('{any}', static fn () => true);
        $this->actAs(9);
        $this->withoutMiddleware([
            \Illuminate\Foundation\Http\Middleware\TrimStrings::class,
            \Illuminate\Foundation\Http\Middleware\ConvertEmptyStringsToNull::class,
        ]);

        $answer = $this->authorize($channel, $socket)->assertForbidden();
        self::assertStringNotContainsString('key:', (string) $answer->content());
    }

    public function test_point_33_the_length_of_a_channel_name_has_a_limit(): void
    {
        Broadcast::channel('{any}', static fn () => true);
        $this->actAs(9);

        $this->authorize('private-' . str_repeat('c', 156))->assertOk();
        $this->authorize('private-' . str_repeat('c', 157))->assertForbidden();
    }

    public function test_jsonp_only_where_allowed(): void
    {
        $this->actAs(9);
        $more = ['callback' => 'f'];
        $plain = $this->authorize('private-conversation.9', self::SOCKET, $more)->content();
        self::assertStringStartsWith('{"auth"', $plain);

        config(['broadcasting.connections.clairon.jsonp' => true]);
        Broadcast::purge('clairon');
        Broadcast::channel('conversation.{id}', static fn () => true);
        self::assertSame("/**/f({$plain});", $this->authorize('private-conversation.9', self::SOCKET, $more)->content());
    }
}
