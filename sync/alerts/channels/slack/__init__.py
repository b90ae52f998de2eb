"""Slack, through an incoming webhook of a channel: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks"""
