/// Small price lists in the three formats, each with entries to skip.
enum PriceLists {
    static let liteLLM = #"""
        {
          "sample_spec": {"mode": "one of: chat, embedding", "litellm_provider": "openai", "input_cost_per_token": 0.0},
          "gpt-test": {
            "litellm_provider": "openai", "mode": "chat", "max_input_tokens": 128000, "max_output_tokens": 16384,
            "input_cost_per_token": 1.5e-07, "output_cost_per_token": 6e-07, "cache_read_input_token_cost": 3.75e-08,
            "input_cost_per_token_batches": 7.5e-08, "output_cost_per_token_batches": 3e-07,
            "input_cost_per_token_priority": 2.5e-07, "output_cost_per_token_priority": 1e-06,
            "input_cost_per_token_above_64k_tokens": 3e-07, "output_cost_per_token_above_64k_tokens": 1.2e-06,
            "input_cost_per_token_above_64k_tokens_priority": 5e-07,
            "output_cost_per_token_above_64k_tokens_priority": 2e-06,
            "supports_function_calling": true, "supports_vision": true, "supports_response_schema": false
          },
          "gemini/gemini-test": {
            "litellm_provider": "gemini", "mode": "chat", "max_input_tokens": 1048576, "max_output_tokens": 65536,
            "input_cost_per_token": 1.25e-06, "output_cost_per_token": 1e-05, "output_cost_per_reasoning_token": 0,
            "input_cost_per_token_above_200k_tokens": 2.5e-06, "output_cost_per_token_above_200k_tokens": 1.5e-05,
            "input_cost_per_token_priority": 2.25e-06, "output_cost_per_token_priority": 1.8e-05
          },
          "gemini-test": {
            "litellm_provider": "gemini", "mode": "chat", "max_input_tokens": 9, "max_output_tokens": 9,
            "input_cost_per_token": 1e-06, "output_cost_per_token": 1e-05
          },
          "claude-test": {
            "litellm_provider": "anthropic", "mode": "chat", "max_input_tokens": 200000, "max_output_tokens": 64000,
            "input_cost_per_token": 0.000001, "output_cost_per_token": 0.000005,
            "cache_creation_input_token_cost": 1.25e-06, "cache_creation_input_token_cost_above_1hr": 2e-06,
            "supports_reasoning": true
          },
          "no-output-price": {
            "litellm_provider": "openai", "mode": "chat", "max_input_tokens": 9, "input_cost_per_token": 1e-06
          },
          "null-price": {
            "litellm_provider": "openai", "mode": "chat", "max_input_tokens": 9, "input_cost_per_token": null,
            "output_cost_per_token": 1e-06
          },
          "zero-price": {
            "litellm_provider": "openai", "mode": "chat", "max_input_tokens": 9, "input_cost_per_token": 0.0,
            "output_cost_per_token": 0
          },
          "old-model": {
            "litellm_provider": "openai", "mode": "chat", "max_input_tokens": 9, "input_cost_per_token": 1e-06,
            "output_cost_per_token": 1e-06, "deprecation_date": "2026-11-20"
          },
          "noisy-price": {
            "litellm_provider": "openai", "mode": "chat", "max_input_tokens": 9,
            "input_cost_per_token": 9.499999999999999e-07, "output_cost_per_token": 1e-06
          },
          "endless": {
            "litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 1e-06
          },
          "somewhere-model": {
            "litellm_provider": "somewhere", "mode": "chat", "max_input_tokens": 9, "input_cost_per_token": 1e-06,
            "output_cost_per_token": 1e-06
          },
          "text-embedding-test": {"litellm_provider": "openai", "mode": "embedding", "input_cost_per_token": 2e-08}
        }
        """#

    static let openRouter = #"""
        {"data": [
          {
            "id": "acme/writer:beta", "context_length": 131072,
            "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
            "pricing": {
              "prompt": "0.0000004", "completion": "0.0000016", "request": "0.005", "image": "0.001",
              "internal_reasoning": "0", "input_cache_read": "0.0000001"
            },
            "top_provider": {"max_completion_tokens": null}, "supported_parameters": ["tools", "temperature"]
          },
          {
            "id": "acme/writer:free", "context_length": 131072,
            "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
            "pricing": {"prompt": "0", "completion": "0"}, "top_provider": {"max_completion_tokens": 4096}
          },
          {
            "id": "other/router", "context_length": 2000000,
            "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
            "pricing": {"prompt": "-1", "completion": "-1"}
          },
          {
            "id": "other/painter", "context_length": 4096,
            "architecture": {"input_modalities": ["text"], "output_modalities": ["image"]},
            "pricing": {"prompt": "0.0000004", "completion": "0.0000016"}
          },
          {
            "id": "other/unpriced", "context_length": 4096,
            "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]}
          }
        ]}
        """#

    static let modelsDev = #"""
        {
          "acme": {
            "id": "acme", "env": ["ACME_KEY"], "api": "https://api.acme.example/v1/",
            "models": {
              "one": {
                "id": "one", "tool_call": true, "reasoning": true,
                "modalities": {"input": ["text", "audio"], "output": ["text"]},
                "cost": {
                  "input": 1.25, "output": 10, "cache_read": 0.125, "input_audio": 2.5,
                  "context_over_200k": {"input": 2.5, "output": 15, "cache_read": 0.25}
                },
                "limit": {"context": 400000, "output": 0}
              },
              "two": {
                "id": "two", "modalities": {"input": ["text"], "output": ["text"]},
                "cost": {
                  "input": 0.0375, "output": 0.3,
                  "tiers": [{"input": 0.075, "output": 0.6, "tier": {"type": "context", "size": 32000}}]
                },
                "limit": {"context": 128000, "output": 8192}
              },
              "costless": {
                "id": "costless", "modalities": {"input": ["text"], "output": ["text"]},
                "limit": {"context": 128000, "output": 8192}
              },
              "gone": {
                "id": "gone", "status": "deprecated", "modalities": {"input": ["text"], "output": ["text"]},
                "cost": {"input": 1, "output": 1}, "limit": {"context": 128000, "output": 8192}
              },
              "speaker": {
                "id": "speaker", "modalities": {"input": ["text"], "output": ["audio"]},
                "cost": {"input": 1, "output": 1}, "limit": {"context": 128000, "output": 8192}
              }
            }
          }
        }
        """#
}
