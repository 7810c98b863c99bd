<?php

// SPDX-License-Identifier: MIT
//
// Every call of pusher/pusher-php-server 7 against a relay, with a client that is subscribed.
//   php pusher7.php FOLDER        the folder whose vendor/ has the library

declare(strict_types=1);

use Clairon\Tests\Php\Support\Checks;
use Clairon\Tests\Php\Support\Client;
use Clairon\Tests\Php\Support\Endpoint;
use Clairon\Tests\Php\Support\Relay;
use Pusher\ApiErrorException;
use Pusher\Pusher;
use Pusher\PusherException;

require __DIR__ . '/support/all.php';
require __DIR__ . "/{$argv[1]}/vendor/autoload.php";

$c = new Checks('pusher-php-server ' . Pusher::$VERSION);
$endpoint = new Endpoint();
$relay = new Relay(['--webhooks', "{$endpoint->url} channel:private-hooked", '--subscription-count', 'true']);
$options = ['host' => '127.0.0.1', 'port' => $relay->port, 'scheme' => 'http', 'timeout' => 10];
$pusher = new Pusher(Relay::KEY, Relay::SECRET, Relay::ID, $options);

$c->test('getChannels() of an empty server', static function () use ($c, $pusher): void {
    $c->sameJson('{"channels":[]}', $pusher->getChannels()); // the library made an array of the object
    $c->sameJson('{"channels":[]}', $pusher->getChannels(['filter_by_prefix' => 'presence-', 'info' => 'user_count']));
    $c->sameJson('{"occupied":false}', $pusher->getChannelInfo('nobody'));
    $c->sameJson('{"users":[]}', $pusher->getPresenceUsers('presence-nobody'));
});

$client = new Client($relay);
$other = new Client($relay);
foreach ([$client, $other] as $each) {
    $each->subscribe('a');
    $each->heard('a');
}

$c->test('trigger() to one channel', static function () use ($c, $pusher, $client): void {
    $c->sameJson('{}', $pusher->trigger('a', 'ev', ['msg' => "é/\u{2028}\"", 'n' => 1.5]));
    $c->same([['ev', '{"msg":"\u00e9\/\u2028\"","n":1.5}']], $client->heard('a'));
    $pusher->trigger('a', 'App\\Events\\Sent', 'hello');
    $c->same([['App\\Events\\Sent', '"hello"']], $client->heard('a'));
    $pusher->trigger('a', 'raw', "1.0 \t<", [], true);
    $c->same([['raw', "1.0 \t<"]], $client->heard('a'));
});

$c->test('trigger() to several channels, without the sender, with info', static function () use ($c, $pusher, $client, $other): void {
    $client->subscribe('b');
    $client->heard('b');
    $other->heard('a');
    $c->sameJson('{}', $pusher->trigger(['a', 'b'], 'ev', 1, ['socket_id' => $client->socketId]));
    $c->same([], $client->heard('a'));
    $c->same([], $client->heard('b'));
    $c->same([['ev', '1']], $other->heard('a'));
    $result = $pusher->trigger(['a', 'b', 'empty'], 'ev', 2, ['info' => 'subscription_count']);
    $c->same(['a', 'b', 'empty'], array_keys($result->channels));
    $c->same(2, $result->channels['a']->subscription_count);
    $c->same(1, $result->channels['b']->subscription_count);
    $c->same([['ev', '2']], $client->heard('b'));
    $hundred = array_map(static fn (int $i): string => "many-{$i}", range(1, 100));
    $c->sameJson('{}', $pusher->trigger($hundred, 'ev', 3));
});

$c->test('triggerBatch() of ten, with info', static function () use ($c, $pusher, $client, $other): void {
    $client->heard('a');
    $batch = array_map(static fn (int $i): array => ['channel' => 'a', 'name' => "b{$i}", 'data' => ['i' => $i]], range(0, 9));
    $c->sameJson('{}', $pusher->triggerBatch($batch));
    $c->same(array_map(static fn (int $i): array => ["b{$i}", "{\"i\":{$i}}"], range(0, 9)), $client->heard('a'));
    $batch[4]['info'] = 'subscription_count';
    $batch[5]['socket_id'] = $client->socketId;
    $result = $pusher->triggerBatch($batch);
    $c->same(10, count($result->batch));
    $c->sameJson('{"subscription_count":2}', $result->batch[4]);
    $c->sameJson('{}', $result->batch[0]);
    $c->same(9, count($client->heard('a')));
    $full = array_map(static fn (int $i): array => ['channel' => 'a', 'name' => 'full', 'data' => str_repeat('"', 10240)], range(0, 9));
    $c->sameJson('{}', $pusher->triggerBatch($full, true));
    $c->same(10, count($client->heard('a')));
    $other->heard('a'); // who reads nothing for long is closed
});

$c->test('triggerAsync() and triggerBatchAsync()', static function () use ($c, $pusher, $client): void {
    $promises = [];
    for ($i = 0; $i < 5; $i++) {
        $promises[] = $pusher->triggerAsync('a', 'async', $i);
    }
    $promises[] = $pusher->triggerBatchAsync([['channel' => 'a', 'name' => 'async', 'data' => '5']]);
    foreach ($promises as $promise) {
        $c->sameJson('{}', $promise->wait());
    }
    $c->same(6, count($client->heard('a')));
});

$c->test('sendToUser() and terminateUserConnections()', static function () use ($c, $pusher, $relay): void {
    $user = new Client($relay);
    $user->signIn($pusher->authenticateUser($user->socketId, ['id' => '42', 'user_info' => ['name' => 'Zoë/"']]));
    $c->sameJson('{}', $pusher->sendToUser('42', 'hi', ['a' => 1]));
    $c->same('{"a":1}', $user->event('hi')['data']);
    $c->sameJson('{}', $pusher->sendToUserAsync('42', 'hi', 2)->wait());
    $c->same('2', $user->event('hi')['data']);
    $c->sameJson('{}', $pusher->sendToUser('nobody', 'hi', 3));
    $c->sameJson('{}', $pusher->terminateUserConnections('43'));
    $c->same([], $user->heard('#server-to-user-42'));
    $c->sameJson('{}', $pusher->terminateUserConnections('42'));
    $c->same(4009, $user->closed());
    $c->sameJson('{}', $pusher->terminateUserConnectionsAsync('42')->wait());
});

$c->test('getChannels(), getChannelInfo(), getPresenceUsers()', static function () use ($c, $pusher, $client): void {
    $channel = 'presence-room';
    $proof = $pusher->authorizePresenceChannel($channel, $client->socketId, '7', ['name' => 'Zoë']);
    $c->same(['presence' => ['ids' => ['7'], 'hash' => [7 => ['name' => 'Zoë']], 'count' => 1]], $client->subscribe($channel, $proof));
    $c->sameJson('{"channels":{"presence-room":{"user_count":1}}}', $pusher->getChannels(['filter_by_prefix' => 'presence-', 'info' => 'user_count']));
    $names = array_keys($pusher->getChannels()->channels);
    sort($names);
    $c->same(['a', 'b', 'presence-room'], $names);
    $info = $pusher->getChannelInfo($channel, ['info' => 'user_count']);
    $c->same(true, $info->occupied);
    $c->same(1, $info->user_count);
    $c->same(2, $pusher->getChannelInfo('a', ['info' => 'subscription_count'])->subscription_count);
    $c->sameJson('{"users":[{"id":"7"}]}', $pusher->getPresenceUsers($channel));
    $c->same(1, $pusher->get('/channels', ['info' => 'user_count', 'filter_by_prefix' => 'presence-'], true)['channels'][$channel]['user_count']);
});

$c->test('cache channels', static function () use ($c, $pusher, $client, $relay): void {
    $pusher->trigger('cache-news', 'latest', ['n' => 1]);
    $late = new Client($relay);
    $late->subscribe('cache-news');
    $c->same('{"n":1}', $late->event('latest', 'cache-news')['data']);
    $info = $pusher->getChannelInfo('cache-news', ['info' => 'subscription_count,cache']);
    $c->same('{"n":1}', $info->cache->data);
    $c->same(true, $info->cache->ttl > 0);
    $late->end();
});

$c->test('private and encrypted channels', static function () use ($c, $pusher, $client, $relay, $options): void {
    $client->subscribe('private-x', $pusher->authorizeChannel('private-x', $client->socketId));
    $pusher->trigger('private-x', 'ev', 1);
    $c->same([['ev', '1']], $client->heard('private-x'));
    $master = base64_encode(str_repeat('k', 32));
    $secretive = new Pusher(Relay::KEY, Relay::SECRET, Relay::ID, $options + ['encryption_master_key_base64' => $master]);
    $proof = $secretive->authorizeChannel('private-encrypted-x', $client->socketId);
    $client->subscribe('private-encrypted-x', $proof);
    $secretive->trigger('private-encrypted-x', 'ev', ['hello' => 'world']);
    $box = json_decode($client->event('ev', 'private-encrypted-x')['data']);
    $text = sodium_crypto_secretbox_open(
        base64_decode($box->ciphertext),
        base64_decode($box->nonce),
        base64_decode(json_decode($proof)->shared_secret),
    );
    $c->same('{"hello":"world"}', $text);
    $secretive->triggerBatch([['channel' => 'private-encrypted-x', 'name' => 'ev', 'data' => ['in' => 'batch']]]);
    $c->same(['nonce', 'ciphertext'], array_keys(json_decode($client->event('ev', 'private-encrypted-x')['data'], true)));
});

$c->test('webhook() takes a real webhook and refuses a changed one', static function () use ($c, $pusher, $client, $endpoint): void {
    $channel = 'private-hooked';
    $client->subscribe($channel, $pusher->authorizeChannel($channel, $client->socketId));
    [$headers, $body] = $endpoint->requestWith(static fn (object $event): bool => $event->name === 'channel_occupied');
    $webhook = $pusher->webhook($headers, $body);
    $c->same($channel, $webhook->get_events()[0]->channel);
    $c->same(true, is_int($webhook->get_time_ms()));
    $client->send(['event' => 'client-typing', 'channel' => $channel, 'data' => ['a' => 1]]);
    [$headers, $body] = $endpoint->requestWith(static fn (object $event): bool => $event->name === 'client_event');
    foreach ($pusher->webhook($headers, $body)->get_events() as $event) {
        if ($event->name === 'client_event') {
            $c->same(['client-typing', '{"a":1}', $client->socketId], [$event->event, $event->data, $event->socket_id]);
        }
    }
    $c->throws(PusherException::class, static fn () => $pusher->webhook($headers, "{$body} "));
});

$c->test('refusals become exceptions with a code and a sentence', static function () use ($c, $pusher, $options): void {
    $refused = static function (int $code, callable $call) use ($c): string {
        $e = $c->throws(ApiErrorException::class, $call);
        $c->same($code, $e->getCode());

        return $e->getMessage();
    };
    $c->matches('/10240/', $refused(413, static fn () => $pusher->trigger('a', 'ev', str_repeat('x', 10241), [], true)));
    $refused(400, static fn () => $pusher->triggerBatch(array_fill(0, 11, ['channel' => 'a', 'name' => 'n', 'data' => 1])));
    $refused(400, static fn () => $pusher->trigger('a', str_repeat('e', 201), 1));
    $refused(400, static fn () => $pusher->trigger(str_repeat('c', 165), 'ev', 1));
    $refused(400, static fn () => $pusher->trigger('a', 'pusher:own', 1));
    $refused(400, static fn () => $pusher->getPresenceUsers('a'));
    $refused(400, static fn () => $pusher->getChannels(['info' => 'user_count']));
    $refused(401, static fn () => (new Pusher(Relay::KEY, 'wrong', Relay::ID, $options))->trigger('a', 'ev', 1));
    $refused(401, static fn () => (new Pusher('other', Relay::SECRET, Relay::ID, $options))->getChannels());
    $code = $c->throws(ApiErrorException::class, static fn () => (new Pusher(Relay::KEY, Relay::SECRET, 'none', $options))->trigger('a', 'ev', 1))->getCode();
    $c->same(true, in_array($code, [401, 404], true));
    $c->throws(ApiErrorException::class, static fn () => $pusher->triggerAsync('a', 'ev', str_repeat('x', 10241), [], true)->wait());
    $c->throws(PusherException::class, static fn () => $pusher->trigger(array_fill(0, 101, 'a'), 'ev', 1)); // the library's own
    $gone = new Pusher(Relay::KEY, Relay::SECRET, Relay::ID, ['port' => 1] + $options);
    $c->same(0, $c->throws(ApiErrorException::class, static fn () => $gone->trigger('a', 'ev', 1))->getCode());
});

$c->test('a path in front, and the old names of calls', static function () use ($c, $relay, $options, $client): void {
    $pusher = new Pusher(Relay::KEY, Relay::SECRET, Relay::ID, $options + ['path' => '/realtime/']);
    $client->heard('a');
    $c->sameJson('{}', $pusher->trigger('a', 'ev', 1));
    $c->same([['ev', '1']], $client->heard('a'));
    $c->same(true, $pusher->get_channel_info('a')->occupied);
    $c->same(true, isset($pusher->get_channels()->channels['a']));
    $c->same('7', $pusher->get_users_info('presence-room')->users[0]->id);
    $c->matches('/^\{"auth":"key1:[0-9a-f]{64}"\}$/', $pusher->socket_auth('private-y', $client->socketId));
    $c->matches('/"channel_data"/', $pusher->presence_auth('presence-y', $client->socketId, '7'));
});

$client->end();
$other->end();
$c->point(74, 'pusher-http-php runs every call without exception, getChannels() on an empty server included', $relay->workers);
$c->ran('pusher/pusher-php-server', Pusher::$VERSION, 'every call, webhook(), encrypted channels, refusals');
$c->end();
